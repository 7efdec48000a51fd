"""Somebody's services in a mesh whose ports say gRPC, while something else is spoken or heard there."""

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
    deployment,
    go_client,
    go_server,
    once,
    problems,
    python_client,
    python_server,
    service,
    wait_until_healthy,
)
from e2e.test_diagnose_mesh import INJECTED, TRAFFIC, kind, mesh

__all__ = ["mesh"]  # a fixture

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

READER = """
import time, urllib.request
done = failed = 0
while True:
    try:
        urllib.request.urlopen("http://pages:80/", timeout=2).read()
        done += 1
    except OSError:
        failed += 1
    print("calls", done, "failed", failed, flush=True)
    time.sleep(0.02)
"""


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop(INJECTED)


def program(*words: str) -> dict[str, Any]:
    """Python's own programs in the place of the image's."""
    return {"container": {"command": ["python3", *words]}}


def test_http_1_behind_a_port_that_says_grpc(shop: Shop) -> None:
    shop.apply(deployment("pages", "python", [], 2, listens=True, **program("-m", "http.server", str(PORT))),
               service("pages"), deployment("reader", "python", [], **program("-c", READER)))  # fmt: skip

    record = once(shop, "pages", lambda record: codes(record) == ["LB302"])

    assert record["verdict"]["reasons"][0]["code"] == "none_answered"
    assert record["findings"][0]["evidence"][1]["source"] == "servers' proxies"
    told = shop.specification("service/pages")
    shop.paste(record["findings"][0]["fixes"][0]["commands"])
    shop.calling("reader")
    wait_until_healthy(shop, "pages")
    shop.paste(record["findings"][0]["fixes"][0]["undo"])
    assert shop.specification("service/pages") == told


def test_clients_that_speak_tls_through_sidecars_that_read_calls(shop: Shop) -> None:
    shop.apply(go_server("parcels", 2, "-tls"), service("parcels"), go_client("checkout", "parcels:80", "-tls"))

    record = once(shop, "parcels", lambda record: codes(record) == ["LB302"])

    assert record["findings"][0]["possible"]
    shop.paste(record["findings"][0]["fixes"][0]["commands"])
    shop.kubectl("rollout", "restart", "deployment/checkout")
    shop.settled("checkout")
    shop.calling("checkout")
    eventually(lambda: codes(shop.record("parcels"))[:1] == ["LB301"])  # which the fix says: once a connection


@pytest.mark.parametrize(("meshed", "source"), [("true", "servers' proxies"), ("false", "callers' proxies")])
def test_servers_that_speak_tls_to_sidecars_that_do_not(shop: Shop, meshed: str, source: str) -> None:
    labels = {"sidecar.istio.io/inject": meshed}
    shop.apply(go_server("parcels", 2, "-tls", labels=labels), service("parcels"), go_client("checkout", "parcels:80"))

    record = once(shop, "parcels", lambda record: codes(record) == ["LB302"])

    assert {line["source"] for line in record["findings"][0]["evidence"]} == {"API", source}
    assert not record["findings"][0]["possible"]


PASSED_ON = {"number": 80, "name": "tcp", "protocol": "TCP"}


def narrowed(*_: object) -> dict[str, Any]:
    """What sidecars of the namespace know, with port 80 as TCP."""
    egress = [{"port": PASSED_ON, "hosts": ["./*"]}, {"hosts": ["./*", "istio-system/*"]}]
    return kind(TRAFFIC, "claim", "Sidecar", {"egress": egress})


def entered(shop: Shop, address: str) -> dict[str, Any]:
    """The Service's own name and address once more, as TCP."""
    return kind(TRAFFIC, "claim", "ServiceEntry", {
        "hosts": [f"parcels.{shop.namespace}.svc.cluster.local"], "addresses": [address], "resolution": "STATIC",
        "ports": [{**PASSED_ON, "targetPort": PORT}], "location": "MESH_INTERNAL",
        "workloadSelector": {"labels": {"app": "parcels"}}})  # fmt: skip


def added(shop: Shop, address: str) -> dict[str, Any]:
    """A listener of somebody's for the Service's own address, which passes connections on."""
    proxy = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", "stat_prefix": "claimed",
        "cluster": f"outbound|80||parcels.{shop.namespace}.svc.cluster.local",
    }  # fmt: skip
    listener = {
        "name": f"{address}_80", "bind_to_port": False, "traffic_direction": "OUTBOUND",
        "address": {"socket_address": {"address": address, "port_value": 80}},
        "filter_chains": [{"filters": [{"name": "envoy.filters.network.tcp_proxy", "typed_config": proxy}]}],
    }  # fmt: skip
    patch = {
        "applyTo": "LISTENER",
        "match": {"context": "SIDECAR_OUTBOUND"},
        "patch": {"operation": "ADD", "value": listener},
    }
    return kind("networking.istio.io/v1alpha3", "claim", "EnvoyFilter", {"configPatches": [patch]})


@pytest.mark.parametrize("claim", [narrowed, entered, added])
def test_a_port_number_that_something_else_claims(shop: Shop, claim: Callable[..., dict[str, Any]]) -> None:
    shop.apply(python_server("parcels", 2), service("parcels"))
    told = claim(shop, shop.kubectl("get", "service", "parcels", "-o", "jsonpath={.spec.clusterIP}"))
    shop.apply(told)
    shop.apply(python_client("checkout", "parcels:80"))
    shop.calling("checkout")
    what = f"{told['kind'].lower()}/claim"
    before = shop.specification(what)

    record = shop.record("parcels", watch="2s", expect=1)

    assert (problems(record)[0], record["findings"][0]["possible"]) == ("LB318", False)
    assert f"{told['kind']} {shop.namespace}/claim told it so" in record["findings"][0]["sentence"]
    assert record["callers"][0]["choice"]["per"] == "connection"
    [fix] = record["findings"][0]["fixes"]
    shop.paste(fix["commands"])
    shop.settled("checkout")
    shop.calling("checkout")
    assert wait_until_healthy(shop, "parcels")["callers"][0]["choice"]["per"] == "call"
    shop.paste(fix["undo"])
    assert shop.specification(what) == before


def test_a_program_that_fails_its_calls_is_told_first_however_they_are_spread(shop: Shop) -> None:
    shop.apply(python_server("parcels", 2, "--failing"), service("parcels"), python_client("checkout", "parcels:80"))

    record = once(shop, "parcels", lambda record: codes(record)[:1] == ["LB207"])

    assert set(codes(record)) <= {"LB207", "LB319"}, "it speaks gRPC all the same, and least request is no fault"
    assert len(record["findings"][0]["evidence"]) == 2
    shop.paste(record["findings"][0]["fixes"][0]["commands"])
    well = [{"op": "remove", "path": "/spec/template/spec/containers/0/args/1"}]
    shop.kubectl("patch", "deployment/parcels", "--type=json", "-p", json.dumps(well))
    shop.settled("parcels")
    shop.calling("checkout")
    eventually(lambda: "LB207" not in codes(shop.record("parcels")))
