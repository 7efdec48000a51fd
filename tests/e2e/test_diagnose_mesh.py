"""Somebody's services in a mesh, each broken in a way that people meet."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from e2e.cluster import Cluster, eventually, settled
from e2e.foreign import (
    FINE,
    PORT,
    Shop,
    codes,
    once,
    problems,
    python_client,
    python_server,
    service,
    until_told,
    wait_until_healthy,
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

INJECTED = {"istio-injection": "enabled"}
TRAFFIC, SECURITY = "networking.istio.io/v1", "security.istio.io/v1"


@pytest.fixture(scope="module", autouse=True)
def mesh() -> Iterator[None]:
    """An Istio for all tests of this file; side by side with others it stays until they end."""
    cluster = Cluster("lbdemo-mesh")
    cluster("up", "--istio")
    yield
    if "PYTEST_XDIST_WORKER" not in os.environ:
        settled()
        cluster("clean", "--istio")


def kind(version: str, name: str, what: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": version, "kind": what, "metadata": {"name": name}, "spec": spec}


def rule(**policy: Any) -> dict[str, Any]:
    return kind(TRAFFIC, "parcels", "DestinationRule", {"host": "parcels", "trafficPolicy": policy})


def test_the_first_remedy_as_it_is_printed_takes_the_finding_away(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    shop.apply(python_server("parcels", 2), service("parcels"), python_client("checkout", "parcels:80"))
    shop.calling("checkout")
    record = shop.record("parcels", expect=1)
    assert codes(record) == ["LB101"]

    shop.paste(record["findings"][0]["fixes"][0]["commands"])
    shop.settled("checkout")
    shop.calling("checkout")
    healthy = wait_until_healthy(shop, "parcels")

    assert healthy["callers"][0]["choice"] | {"policy": ""} == {
        "who": "its sidecar", "per": "call", "among": 2, "policy": "",
    }  # fmt: skip
    assert healthy["verdict"]["source"] == "callers' proxies"

    shop.paste(record["findings"][0]["fixes"][0]["undo"])
    shop.settled("checkout")
    shop.calling("checkout")
    assert codes(shop.record("parcels", expect=1)) == ["LB101"]


def test_a_port_that_the_mesh_takes_for_tcp(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(INJECTED)
    plain = {"name": "parcels", "appProtocol": "tcp"}
    shop.apply(python_server("parcels", 2), service("parcels", port=plain), python_client("checkout", "parcels:80"))
    shop.calling("checkout")

    record = shop.record("parcels", expect=1)

    assert problems(record) == ["LB301"]
    assert record["callers"][0]["choice"]["per"] == "connection"
    shop.paste(record["findings"][0]["fixes"][0]["commands"])
    shop.kubectl("rollout", "restart", "deployment/checkout")
    shop.settled("checkout")
    shop.calling("checkout")
    wait_until_healthy(shop, "parcels")


def test_a_caller_that_is_older_than_the_label_of_its_namespace(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop()
    shop.apply(python_server("parcels", 2), service("parcels"), python_client("checkout", "parcels:80"))
    shop.kubectl("label", "namespace", shop.namespace, "istio-injection=enabled")
    shop.kubectl("rollout", "restart", "deployment/parcels")
    shop.settled("parcels")
    shop.calling("checkout")

    record = shop.record("parcels", expect=1)

    assert problems(record) == ["LB304"]
    shop.paste(record["findings"][0]["fixes"][0]["commands"])
    shop.settled("checkout")
    shop.calling("checkout")
    wait_until_healthy(shop, "parcels")


def _beside(shop: Shop, proxy: str) -> bool:
    """Whether that runs beside the one caller."""
    return [caller["proxy"] for caller in shop.record("parcels", watch="2s")["callers"]] == [proxy]


def test_a_caller_that_asks_for_no_sidecar(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(INJECTED)
    none = {"annotations": {"sidecar.istio.io/inject": "false"}}
    shop.apply(python_server("parcels", 2), service("parcels"), python_client("checkout", "parcels:80", **none))
    shop.calling("checkout")

    record = shop.record("parcels", expect=1)

    assert problems(record) == ["LB304"]
    fix = record["findings"][0]["fixes"][0]
    for commands, proxy in ((fix["commands"], "istio-proxy"), (fix["undo"], "")):
        shop.paste(commands)
        shop.settled("checkout")
        shop.calling("checkout")
        eventually(partial(_beside, shop, proxy))


def test_a_caller_outside_of_the_mesh_of_its_servers(open_shop: Callable[..., Shop]) -> None:
    shop, front = open_shop(INJECTED), open_shop()
    shop.apply(python_server("parcels", 2), service("parcels"))
    front.apply(python_client("checkout", f"parcels.{shop.namespace}:80"))
    front.calling("checkout")

    record = shop.record("parcels", expect=1)

    assert problems(record) == ["LB303"]
    assert record["callers"][0]["caller"].startswith(f"{front.namespace}/checkout-")

    shop.kubectl("apply", "-f", "-", stdin=json.dumps(kind(SECURITY, "all", "PeerAuthentication",
                                                           {"mtls": {"mode": "STRICT"}})))  # fmt: skip
    front.kubectl("rollout", "restart", "deployment/checkout")  # what is connected stays so
    shop.apply(python_client("inside", "parcels:80"))
    shop.calling("inside")
    caller = f"{front.namespace}/deployment/checkout"
    strict = shop.record("parcels", "--from", caller, watch="2s", expect=1)
    refused = next(finding for finding in strict["findings"] if finding["code"] == "LB307")
    beside = until_told(shop, "parcels", "LB307")
    assert beside["fixes"] == refused["fixes"], "unasked, beside one whose calls are answered"
    assert refused["fixes"][0]["commands"] == record["findings"][0]["fixes"][0]["commands"]
    shop.paste(refused["fixes"][0]["commands"])
    front.settled("checkout")
    front.calling("checkout")
    wait_until_healthy(shop, "parcels")


def policy_of(record: Any) -> str:
    return str(record["callers"][0]["choice"]["policy"])


def test_policies_that_do_what_they_were_told_are_no_problems(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(INJECTED)
    shop.apply(python_server("parcels", 3), service("parcels"), python_client("checkout", "parcels:80"))
    shop.calling("checkout")
    least = wait_until_healthy(shop, "parcels")
    assert policy_of(least) == "LEAST_REQUEST"
    shop.paste((taking_turns := until_told(shop, "parcels", "LB319")["fixes"][0])["commands"])
    told = once(shop, "parcels", lambda record: policy_of(record) == "ROUND_ROBIN", "2s")
    assert "LB319" not in codes(told)
    shop.paste(taking_turns["undo"])

    hashed = {"consistentHash": {"httpHeaderName": ":authority"}}
    shop.kubectl("apply", "-f", "-", stdin=json.dumps(rule(loadBalancer=hashed)))
    eventually(lambda: "LB317" in codes(shop.record("parcels", watch="1s")))
    record = shop.record("parcels", expect=0)
    assert record["verdict"]["outcome"] == "PINNED"
    assert codes(record)[0] == "LB317"
    assert record["findings"][0]["explains"] == 1.0
    told = shop.specification("destinationrule/parcels")
    shop.paste(record["findings"][0]["fixes"][0]["commands"])
    eventually(lambda: "LB317" not in codes(shop.record("parcels", watch="1s")))
    shop.paste(record["findings"][0]["fixes"][0]["undo"])
    assert shop.specification("destinationrule/parcels") == told

    shop.kubectl("apply", "-f", "-", stdin=json.dumps(rule(connectionPool={"http": {"maxRequestsPerConnection": 1}})))
    ended = once(shop, "parcels", lambda record: "LB321" in codes(record))
    assert problems(ended) == []
    shop.paste(next(one for one in ended["findings"] if one["code"] == "LB321")["fixes"][0]["commands"])
    eventually(lambda: "LB321" not in codes(shop.record("parcels", watch="2s")))

    shop.kubectl("apply", "-f", "-", stdin=json.dumps(rule(loadBalancer={"simple": "RANDOM"})))
    once(shop, "parcels", lambda record: policy_of(record) == "RANDOM", "1s")
    assert codes(shop.record("parcels", expect=FINE)) == []


def test_subsets_that_leave_pods_out_and_weights(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(INJECTED)
    shop.apply(python_server("parcels", 2), service("parcels"), python_client("checkout", "parcels:80"))
    new = python_server("parcels-new", 1, labels={"app": "parcels", "version": "new"})
    new["spec"]["selector"]["matchLabels"] = {"app": "parcels", "version": "new"}
    shop.apply(new)
    subsets = [{"name": "new", "labels": {"version": "new"}}, {"name": "old", "labels": {"version": "old"}}]
    routed = kind(TRAFFIC, "parcels", "DestinationRule", {"host": "parcels", "subsets": subsets})
    to = [{"destination": {"host": "parcels", "subset": "new"}, "weight": 100}]
    route = kind(TRAFFIC, "parcels", "VirtualService", {"hosts": ["parcels"], "http": [{"route": to}]})
    shop.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": [routed, route]}))
    shop.calling("checkout")

    record = once(shop, "parcels", lambda record: record["verdict"]["outcome"] == "PINNED")

    assert problems(record) == ["LB310"]
    assert "parcels-new" not in record["findings"][0]["sentence"]
    assert record["callers"][0]["choice"]["among"] == 1
    told = shop.specification("virtualservice/parcels")
    shop.paste(record["findings"][0]["fixes"][0]["commands"])
    once(shop, "parcels", lambda record: record["callers"][0]["choice"]["among"] == 3 and problems(record) == [])
    shop.paste(record["findings"][0]["fixes"][0]["undo"])
    assert shop.specification("virtualservice/parcels") == told


def test_a_headless_service_through_a_sidecar(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(INJECTED)
    shop.apply(python_server("parcels", 2), service("parcels", headless=True, port={"appProtocol": "grpc"}),
               python_client("checkout", f"dns:///parcels:{PORT}"))  # fmt: skip
    shop.calling("checkout")

    record = shop.record("parcels", expect=1)

    assert problems(record) == ["LB308"]
    shop.paste(record["findings"][0]["fixes"][0]["commands"])
    shop.retarget("checkout", f"parcels-mesh:{PORT}")
    assert "LB308" not in codes(wait_until_healthy(shop, "parcels-mesh"))
    shop.kubectl("rollout", "restart", "deployment/parcels")
    shop.settled("parcels")
    assert "LB309" not in codes(wait_until_healthy(shop, "parcels-mesh")), "it knows of pods that come and go"
