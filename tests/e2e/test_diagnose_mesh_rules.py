"""Somebody's services in a mesh whose rules say what nobody meant: each is found, and told first."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from e2e.cluster import eventually
from e2e.foreign import (
    FINE,
    PORT,
    Shop,
    codes,
    finding,
    go_client,
    once,
    problems,
    python_client,
    python_part,
    python_server,
    service,
    until_told,
    wait_until_healthy,
)
from e2e.test_diagnose_mesh import INJECTED, TRAFFIC, kind, mesh, policy_of, rule

__all__ = ["mesh"]  # a fixture

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

FAILURES = {"consecutive5xxErrors": 3, "interval": "1s", "baseEjectionTime": "60s", "maxEjectionPercent": 100}


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop(INJECTED)


def apply(shop: Shop, *documents: dict[str, Any]) -> None:
    shop.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": documents}))


def test_a_caller_whose_sidecar_was_told_to_leave_the_port_alone(shop: Shop) -> None:
    past = {"traffic.sidecar.istio.io/excludeOutboundPorts": "80"}
    shop.apply(python_server("parcels", 2), service("parcels"),
               python_client("checkout", "parcels:80", annotations=past))  # fmt: skip
    shop.calling("checkout")

    record = shop.record("parcels", expect=1)

    assert problems(record)[0] == "LB305"
    assert record["verdict"]["outcome"] == "PINNED"
    told = shop.specification("deployment/checkout")
    shop.paste(record["findings"][0]["fixes"][0]["commands"])
    shop.settled("checkout")
    shop.calling("checkout")
    wait_until_healthy(shop, "parcels")
    shop.paste(record["findings"][0]["fixes"][0]["undo"])
    assert shop.specification("deployment/checkout") == told


def state(told: str) -> dict[str, Any]:
    """With what a pod begins; those that run keep what they were born with."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "state"}, "data": {"told": told}}


def test_a_pod_whose_calls_fail_is_ejected_and_set_aside(shop: Shop) -> None:
    source = {"configMapKeyRef": {"name": "state", "key": "told"}}
    born = {"env": [{"name": "STATE", "valueFrom": source}]}
    shop.apply(state("--failing"), python_part("parcels-well", "parcels", 2),
               python_part("parcels-ill", "parcels", 1, "$(STATE)", container=born),
               service("parcels"), python_client("checkout", "parcels:80"))  # fmt: skip
    apply(shop, rule(outlierDetection=FAILURES), state("--slow=0"))
    shop.calling("checkout")

    eventually(lambda: "LB316" in codes(shop.record("parcels", watch="3s")))
    record = shop.record("parcels", expect=1)

    assert problems(record)[0] == "LB316"
    assert "parcels-ill" in record["findings"][0]["sentence"]
    aside = record["findings"][0]["fixes"][1]
    shop.paste(aside["commands"])
    wait_until_healthy(shop, "parcels")
    assert len(shop.kubectl("get", "pods", "-l", "part=parcels-ill", "-o", "name").split()) == 2, "it stays"
    shop.paste(aside["undo"])
    eventually(lambda: "LB316" in codes(shop.record("parcels", watch="3s")))


def test_outlier_detection_sends_all_calls_to_the_callers_own_zone(shop: Shop) -> None:
    here, there = ({"istio-locality": f"land.{zone}"} for zone in ("north", "south"))
    shop.apply(python_part("parcels-north", "parcels", labels=here),
               python_part("parcels-south", "parcels", 2, labels=there), service("parcels"),
               python_client("checkout", "parcels:80", labels=here))  # fmt: skip
    apply(shop, rule(outlierDetection={"consecutive5xxErrors": 5}))
    shop.calling("checkout")
    eventually(lambda: "LB314" in codes(shop.record("parcels", watch="3s")))

    record = shop.record("parcels", expect=1)

    assert problems(record) == ["LB314"]
    shop.paste(record["findings"][0]["fixes"][0]["commands"])
    eventually(lambda: problems(shop.record("parcels")) == [])


def test_a_zone_with_one_pod_gets_most_whatever_the_policy(shop: Shop) -> None:
    here, there = ({"istio-locality": f"land.{zone}"} for zone in ("north", "south"))
    shop.apply(python_part("parcels-north", "parcels", labels=here),
               python_part("parcels-south", "parcels", 2, labels=there), service("parcels"),
               python_client("checkout", "parcels:80", labels=here))  # fmt: skip
    weights = {"from": "*", "to": {"land/north/*": 80, "land/south/*": 20}}
    apply(shop, rule(loadBalancer={"localityLbSetting": {"distribute": [weights]}}))
    shop.calling("checkout")
    eventually(lambda: "LB315" in codes(shop.record("parcels", watch="3s")))

    record = shop.record("parcels")

    assert codes(record) == ["LB315"], "least request is not what makes the difference"
    assert record["verdict"]["outcome"] == "UNBALANCED"
    assert "(1 pod)" in record["findings"][0]["evidence"][1]["text"]
    told = shop.specification("destinationrule/parcels")
    shop.paste(record["findings"][0]["fixes"][0]["commands"])
    eventually(lambda: "LB315" not in codes(shop.record("parcels")))
    shop.paste(record["findings"][0]["fixes"][0]["undo"])
    assert shop.specification("destinationrule/parcels") == told


def test_a_slow_pod_alone_in_its_zone_is_not_spared(shop: Shop) -> None:
    here, there = ({"istio-locality": f"land.{zone}"} for zone in ("north", "south"))
    shop.apply(python_part("parcels-north", "parcels", 1, "--slow=0.2", labels=here),
               python_part("parcels-south", "parcels", labels=there), service("parcels"),
               go_client("checkout", "parcels:80", "-rate=60", labels=here))  # fmt: skip
    even = {"from": "*", "to": {"land/north/*": 50, "land/south/*": 50}}
    apply(shop, rule(loadBalancer={"localityLbSetting": {"distribute": [even]}}))
    shop.calling("checkout")
    eventually(lambda: "LB315" in codes(shop.record("parcels", watch="3s")))

    record = shop.record("parcels")

    assert codes(record) == ["LB315"]
    assert "parcels-north" in record["findings"][0]["sentence"]
    shop.paste(record["findings"][0]["fixes"][0]["commands"])
    eventually(lambda: "LB315" not in codes(shop.record("parcels")))


def test_a_sidecar_that_is_not_told_of_the_service(shop: Shop) -> None:
    apply(shop, kind(TRAFFIC, "narrow", "Sidecar", {"egress": [{"hosts": ["istio-system/*"]}]}))
    shop.apply(python_server("parcels", 2), service("parcels"), python_client("checkout", "parcels:80"))
    shop.calling("checkout")

    record = shop.record("parcels", expect=1)

    assert problems(record)[0] == "LB306"
    shop.kubectl("delete", "sidecars.networking.istio.io", "narrow")
    shop.paste(record["findings"][0]["fixes"][0]["commands"])
    shop.settled("checkout")
    shop.calling("checkout")
    wait_until_healthy(shop, "parcels")


def test_a_slow_pod_gets_as_many_calls_until_somebody_looks_at_calls_in_flight(shop: Shop) -> None:
    shop.apply(python_part("parcels-slow", "parcels", 1, "--slow=0.2"), python_part("parcels-quick", "parcels", 2),
               service("parcels"), go_client("checkout", "parcels:80", "-rate=60"))  # fmt: skip
    apply(shop, rule(loadBalancer={"simple": "ROUND_ROBIN"}))
    shop.calling("checkout")
    eventually(lambda: "LB203" in codes(shop.record("parcels", watch="3s")))

    record = shop.record("parcels")

    assert codes(record)[0] == "LB203"
    assert "parcels-slow" in record["findings"][0]["sentence"]
    shop.paste(record["findings"][0]["fixes"][1]["commands"])
    eventually(lambda: "LB203" not in codes(shop.record("parcels")))


def test_a_limit_holds_for_each_sidecar_by_itself(shop: Shop) -> None:
    shop.apply(python_server("parcels", 2), service("parcels"))
    apply(shop, rule(loadBalancer={"simple": "ROUND_ROBIN"}, connectionPool={"http": {"http2MaxRequests": 2}}))
    streams = ("--stream", "--channels=2")
    shop.apply(*(python_client(name, "parcels:80", *streams) for name in ("checkout", "batch")))
    for name in ("checkout", "batch"):
        shop.calling(name)

    record = shop.record("parcels")  # streams hardly ever begin: nobody can tell how they are spread

    assert codes(record) == ["LB320"]
    assert "2 of them have 4 together" in record["findings"][0]["sentence"]
    apply(shop, rule(loadBalancer={"simple": "ROUND_ROBIN"}, connectionPool={"http": {"http2MaxRequests": 4}}))
    eventually(lambda: codes(shop.record("parcels")) == [])


def test_a_route_that_still_gives_all_to_the_old_version(shop: Shop) -> None:
    versions = {name: {"version": name} for name in ("old", "new")}
    shop.apply(*(python_part(f"parcels-{name}", "parcels", labels=labels) for name, labels in versions.items()),
               service("parcels"), python_client("checkout", "parcels:80"))  # fmt: skip
    subsets = [{"name": name, "labels": labels} for name, labels in versions.items()]
    to = [{"destination": {"host": "parcels", "subset": name}, "weight": weight}
          for name, weight in (("old", 100), ("new", 0))]  # fmt: skip
    apply(shop, kind(TRAFFIC, "parcels", "DestinationRule", {"host": "parcels", "subsets": subsets}),
          kind(TRAFFIC, "parcels", "VirtualService", {"hosts": ["parcels"], "http": [{"route": to}]}))  # fmt: skip
    shop.calling("checkout")
    eventually(lambda: "LB312" in codes(shop.record("parcels", watch="3s")))

    record = shop.record("parcels")

    assert codes(record) == ["LB312"], "a weight of 0 is no subset that misses pods"
    assert record["findings"][0]["explains"] == 1.0
    assert record["verdict"]["outcome"] == "PINNED"
    told = shop.specification("virtualservice/parcels")
    shop.paste(record["findings"][0]["fixes"][0]["commands"])
    assert "LB312" not in codes(wait_until_healthy(shop, "parcels"))
    shop.paste(record["findings"][0]["fixes"][0]["undo"])
    assert shop.specification("virtualservice/parcels") == told
    to[0]["weight"], to[1]["weight"] = 80, 20
    apply(shop, kind(TRAFFIC, "parcels", "VirtualService", {"hosts": ["parcels"], "http": [{"route": to}]}))
    eventually(lambda: shop.record("parcels", watch="3s")["callers"][0]["choice"]["among"] == 2)
    assert codes(shop.record("parcels", expect=FINE)) == ["LB312"], "weights that were asked for are no problem"


def test_a_rule_in_a_third_namespace_is_told_to_have_no_effect(shop: Shop, open_shop: Callable[..., Shop]) -> None:
    shop.apply(python_server("parcels", 2), service("parcels"), python_client("checkout", "parcels:80"))
    host = {"host": f"parcels.{shop.namespace}.svc.cluster.local"}
    policy = {"trafficPolicy": {"loadBalancer": {"simple": "ROUND_ROBIN"}}}
    apply(open_shop(), kind(TRAFFIC, "parcels", "DestinationRule", host | policy))
    shop.calling("checkout")

    record = shop.record("parcels", expect=FINE)

    assert "LB313" in codes(record)
    assert policy_of(record) == "LEAST_REQUEST"
    fix = finding(record, "LB313")["fixes"][0]
    shop.paste(fix["commands"])
    once(shop, "parcels", lambda record: policy_of(record) == "ROUND_ROBIN", "1s")
    assert codes(shop.record("parcels", expect=FINE)) == []
    shop.paste(fix["undo"])
    assert "LB313" in codes(shop.record("parcels", watch="1s"))


def test_a_sidecar_that_keeps_to_pods_that_are_gone(shop: Shop) -> None:
    shop.apply(python_server("parcels", 2), service("parcels", headless=True, port={"appProtocol": "grpc"}))
    shop.apply(python_client("checkout", f"dns:///parcels:{PORT}"))  # once DNS has their names
    shop.calling("checkout")
    shop.kubectl("delete", "pods", "-l", "app=parcels", "--wait=false")

    told = until_told(shop, "parcels", "LB309")
    shop.settled("parcels")  # all are there again, and the client still calls what is gone
    assert "LB309" in codes(shop.record("parcels", watch="2s"))
    shop.paste(told["fixes"][0]["commands"])
    shop.settled("checkout")
    shop.calling("checkout")

    assert "LB309" not in codes(shop.record("parcels", watch="2s"))
