"""Somebody's services in a mesh that holds calls back, or whose rules and names miss those who call."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from e2e.cluster import eventually
from e2e.foreign import (
    PORT,
    Shop,
    codes,
    go_client,
    problems,
    python_client,
    python_part,
    python_server,
    service,
    until_told,
    wait_until_healthy,
)
from e2e.test_diagnose_mesh import INJECTED, SECURITY, TRAFFIC, kind, mesh, rule

__all__ = ["mesh"]  # a fixture

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop(INJECTED)


def apply(shop: Shop, document: dict[str, Any]) -> None:
    shop.kubectl("apply", "-f", "-", stdin=json.dumps(document))


def test_calls_wait_for_a_place_on_the_few_connections_that_a_rule_allows(shop: Shop) -> None:
    apply(shop, rule(connectionPool={"tcp": {"maxConnections": 1}, "http": {"maxConcurrentStreams": 2}}))
    shop.apply(python_server("parcels", 2, "--slow=0.1"), service("parcels"),
               go_client("checkout", "parcels:80", "-rate=80"))  # fmt: skip
    shop.calling("checkout")

    record = shop.record("parcels")

    assert codes(record)[0] == "LB118"
    told = shop.specification("destinationrule/parcels")
    shop.paste(record["findings"][0]["fixes"][0]["commands"])
    eventually(lambda: "LB118" not in codes(shop.record("parcels")))
    shop.paste(record["findings"][0]["fixes"][0]["undo"])
    assert shop.specification("destinationrule/parcels") == told


def test_a_client_by_xds_whom_nobody_told_of_its_control_plane(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    target = f"xds:///parcels.{shop.namespace}.svc.cluster.local"
    shop.apply(python_server("parcels", 2), service("parcels"), python_client("checkout", f"{target}:80"))

    record = shop.record("parcels", expect=1)

    assert codes(record)[0] == "LB322"
    shop.paste(record["findings"][0]["fixes"][0]["commands"])
    shop.settled("checkout")
    shop.calling("checkout")
    healthy = wait_until_healthy(shop, "parcels")
    assert codes(healthy) == []
    assert healthy["callers"][0]["choice"]["who"] == "the client, by xDS"

    shop.retarget("checkout", f"{target}:{PORT}", calls=False)
    eventually(lambda: codes(shop.record("parcels"))[:1] == ["LB322"])  # the pods' port is none of the Service's


def test_a_route_of_a_gateways_only_is_noted_and_decides_once_it_holds(shop: Shop) -> None:
    versions = {name: {"version": name} for name in ("old", "new")}
    shop.apply(*(python_part(f"parcels-{name}", "parcels", labels=labels) for name, labels in versions.items()),
               service("parcels"), python_client("checkout", "parcels:80"))  # fmt: skip
    subsets = [{"name": name, "labels": labels} for name, labels in versions.items()]
    to = [{"destination": {"host": "parcels", "subset": name}, "weight": weight}
          for name, weight in (("old", 100), ("new", 0))]  # fmt: skip
    apply(shop, kind(TRAFFIC, "parcels", "DestinationRule", {"host": "parcels", "subsets": subsets}))
    apply(shop, kind(TRAFFIC, "parcels", "VirtualService", {
        "hosts": ["parcels.example.com"], "gateways": ["edge"], "http": [{"route": to}]}))  # fmt: skip
    shop.calling("checkout")

    record = shop.record("parcels")

    assert problems(record) == []
    noted = next(each for each in record["findings"] if each["code"] == "LB323")
    told = shop.specification("virtualservice/parcels")
    shop.paste(noted["fixes"][0]["commands"])
    eventually(lambda: codes(shop.record("parcels"))[:1] == ["LB312"])
    shop.paste(noted["fixes"][0]["undo"])
    assert shop.specification("virtualservice/parcels") == told


@pytest.mark.parametrize(("takes", "spoken", "code"), [
    ("STRICT", "DISABLE", "LB307"), ("", "ISTIO_MUTUAL", "LB327"), ("STRICT", "SIMPLE", "LB328"),
])  # fmt: skip
def test_a_rule_that_has_sidecars_speak_what_the_pods_do_not_take(
    shop: Shop, takes: str, spoken: str, code: str
) -> None:
    labels = {} if takes else {"sidecar.istio.io/inject": "false"}
    if takes:
        apply(shop, kind(SECURITY, "all", "PeerAuthentication", {"mtls": {"mode": takes}}))
    apply(shop, rule(tls={"mode": spoken}))
    shop.apply(python_server("parcels", 2, labels=labels), service("parcels"), python_client("checkout", "parcels:80"))

    record = until_told(shop, "parcels", code)
    assert problems(shop.record("parcels", watch="3s", expect=1)) == [code], "no program fails those calls"
    told = shop.specification("destinationrule/parcels")
    shop.paste(record["fixes"][0]["commands"])
    shop.calling("checkout")
    wait_until_healthy(shop, "parcels")
    shop.paste(record["fixes"][0]["undo"])
    assert shop.specification("destinationrule/parcels") == told


@pytest.mark.parametrize("what", ["name", "address"])
def test_an_entry_that_stands_for_the_service_and_leads_elsewhere(shop: Shop, what: str) -> None:
    shop.apply(python_server("parcels", 2), service("parcels"), python_server("old", 1))
    [pod] = json.loads(shop.kubectl("get", "pods", "-l", "app=old", "-o", "json"))["items"]
    host, ip = f"parcels.{shop.namespace}.svc.cluster.local", shop.specification("service/parcels")["clusterIP"]
    own = {"hosts": [host]} if what == "name" else {"hosts": ["old.example"], "addresses": [ip]}
    port = {"number": 80, "name": "grpc", "protocol": "GRPC" if what == "name" else "TCP", "targetPort": PORT}
    spec = {**own, "ports": [port], "resolution": "STATIC", "location": "MESH_INTERNAL",
            "endpoints": [{"address": pod["status"]["podIP"]}]}  # fmt: skip
    apply(shop, kind(TRAFFIC, "old", "ServiceEntry", spec))
    shop.apply(python_client("checkout", "parcels:80"))
    shop.calling("checkout")

    found = until_told(shop, "parcels", "LB329")

    assert f"for the {what} of parcels" in found["sentence"]
    told = shop.specification("serviceentry/old")
    shop.paste(found["fixes"][0]["commands"])
    shop.settled("checkout")
    shop.calling("checkout")
    eventually(lambda: "LB329" not in codes(shop.record("parcels", watch="2s")))
    shop.paste(found["fixes"][0]["undo"])
    assert shop.specification("serviceentry/old") == told
