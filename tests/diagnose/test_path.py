"""Who chooses a pod, and for what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from diagnose.meshes import changed
from diagnose.shops import caller, envoy_looks, pod, route, service, shop

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.evidence import Caller, Evidence, Surroundings
from lbdemo.diagnose.looks import EnvoyCluster
from lbdemo.diagnose.path import Per, ways
from lbdemo.kube.records.pods import Container

HOST = "payments.shop.svc.cluster.local"
ALL = {name: {"10.0.1.1": 1} for name in ("payments-a", "payments-b", "payments-c")}
ONE = {"payments-a": {"10.0.1.1": 1}}
PLAIN, MESHED, LINKERD = (
    caller("checkout"),
    caller("checkout", proxy="istio-proxy"),
    caller("checkout", proxy="linkerd-proxy"),
)
BESIDE = Surroundings(services=(service("payments-headless", headless=True),))


def with_xds(variable: str = "GRPC_XDS_BOOTSTRAP") -> Caller:
    container = Container("app", "app:1", running=True, env={variable: "/etc/x"})
    return replace(PLAIN, pod=replace(pod("checkout", "10.0.1.1"), containers=(container,)))


def with_workers() -> Caller:
    container = Container("proxy", "registry.example/envoyproxy/envoy:v1", running=True)
    return replace(PLAIN, pod=replace(pod("front", "10.0.1.1"), containers=(container,)))


def telling(evidence: Evidence, told: Mapping[str, Mapping[str, Any]]) -> Evidence:
    """The evidence with something else told of some of the sidecar's hosts."""
    for address, more in told.items():
        evidence = changed(evidence, address, **more)
    return evidence


def rates(*each: int, **more: Any) -> Any:
    return envoy_looks(MESHED, dict(zip(("10.0.0.1", "10.0.0.2", "10.0.0.3"), each, strict=False)), HOST, **more)


@pytest.mark.parametrize(
    ("evidence", "who", "per", "among"),
    [
        (shop(ONE, callers=[PLAIN]), "kube-proxy", Per.CONNECTION, 3),
        (shop(ALL, callers=[PLAIN]), "kube-proxy", Per.CONNECTION, 3),
        (shop(ALL, callers=[PLAIN], surroundings=BESIDE), "the client, by payments-headless", Per.CALL, 3),
        (shop({**ALL, "payments-a": {"10.0.1.1": 2}}, callers=[PLAIN], surroundings=BESIDE), "kube-proxy",
         Per.CONNECTION, 3),
        (shop({**ALL, "payments-a": {"10.0.1.1": 2}}, callers=[with_workers()], surroundings=BESIDE),
         "the client, by payments-headless", Per.CALL, 3),
        (shop({"payments-a": {"10.0.1.1": 2}, "payments-b": {"10.0.1.1": 1}}, callers=[with_workers()],
              surroundings=BESIDE), "kube-proxy", Per.CONNECTION, 3),
        (shop(ALL, callers=[with_xds()]), "the client, by xDS", Per.CALL, 3),
        (shop(ALL, callers=[with_xds("GRPC_XDS_BOOTSTRAP_CONFIG")]), "the client, by xDS", Per.CALL, 3),
        (shop(ALL, callers=[PLAIN], headless=True), "the client", Per.CALL, 3),
        (shop(ONE, callers=[PLAIN], headless=True), "the client", Per.CONNECTION, 3),
        (shop({}, callers=[PLAIN], headless=True), "the client", Per.UNKNOWN, None),
        (shop(callers=[LINKERD]), "its Linkerd proxy", Per.UNKNOWN, None),
        (shop(callers=[MESHED], envoys=rates(9, 9, 9)), "its sidecar", Per.CALL, 3),
        (shop(callers=[MESHED], envoys=rates(0, 0, 0), routes=(route(MESHED),)), "its sidecar", Per.CALL, 3),
        (shop(callers=[MESHED], envoys=rates(3, 0, 0, tcp=True)), "its sidecar, as TCP", Per.CONNECTION, 3),
        (shop(callers=[MESHED], envoys=rates(0, 0, 0), routes=(route(MESHED, "tcp"),)), "its sidecar, as TCP",
         Per.CONNECTION, 3),
        (shop(callers=[MESHED], envoys=rates(9, 0, 0), headless=True), "its sidecar, as the client chose",
         Per.CONNECTION, 3),
        (shop(callers=[MESHED]), "its sidecar", Per.UNKNOWN, None),
    ],
)  # fmt: skip
def test_who_chooses(evidence: Any, who: str, per: Per, among: int | None) -> None:
    (way,) = ways(Case(evidence))

    assert (way.choice.who, way.choice.per, way.choice.among) == (who, per, among)


def of_subset(*each: int, name: str = "old") -> Any:
    """What a sidecar sends by a cluster of a subset, beside one for all pods of which it makes no use (any more)."""
    looks = zip(rates(0, 0, 0), rates(*each, subset=name), strict=True)
    return tuple(replace(one, hosts=one.hosts + other.hosts) for one, other in looks)


NEARER = {"10.0.0.1": {"priority": 0}, "10.0.0.2": {"priority": 1}, "10.0.0.3": {"priority": 1}}
EJECTED = {"10.0.0.2": {"unhealthy": ("failed_outlier_check",)}}


@pytest.mark.parametrize(
    ("evidence", "among"),
    [
        (shop(callers=[MESHED], envoys=of_subset(9, 9)), 2),
        (shop(callers=[MESHED], envoys=of_subset(9, 9, 9)), 3),
        (shop(callers=[MESHED], envoys=of_subset(0),
              routes=(route(MESHED, "http", (f"outbound|8080|old|{HOST}", 100), (f"outbound|8080||{HOST}", 0)),)), 1),
        (shop(callers=[MESHED], envoys=of_subset(0, 0)), 3),
        (telling(shop(callers=[MESHED], envoys=rates(9, 0, 0)), NEARER), 1),
        (telling(shop(callers=[MESHED], envoys=rates(9, 0, 9)), EJECTED), 2),
        (telling(shop(callers=[MESHED], envoys=rates(9)), {"10.0.0.1": EJECTED["10.0.0.2"]}), 1),
    ],
)  # fmt: skip
def test_a_sidecar_chooses_among_the_pods_that_its_route_leads_to_and_that_are_not_left_out(
    evidence: Any, among: int
) -> None:
    (way,) = ways(Case(evidence))

    assert way.choice.among == among


def test_a_policy_is_told_as_the_sidecar_was_told_it() -> None:
    told = EnvoyCluster(MESHED.name, f"outbound|8080||{HOST}", "EDS", "RANDOM")

    (way,) = ways(Case(shop(callers=[MESHED], envoys=rates(9, 9, 9), clusters=(told,))))

    assert way.choice.policy == "RANDOM"


def test_connections_and_calls_arrive_where_they_were_seen() -> None:
    seen = shop(ONE, callers=[PLAIN], segments={"payments-a": {"10.0.1.1": 50}})

    (way,) = ways(Case(seen))

    assert (way.address, way.connections) == ("10.96.3.7", 1)
    assert [(each.server, each.connections, each.calls) for each in way.arrivals] == [("shop/payments-a", 1, 550)]


@pytest.mark.parametrize(
    ("evidence", "address"),
    [(shop(ALL, callers=[PLAIN]), "10.96.3.7"), (shop(ALL, callers=[PLAIN], surroundings=BESIDE), "its pods"),
     (shop(ALL, callers=[with_xds()]), "its pods"), (shop(ONE, callers=[PLAIN], headless=True), "its pods")],
)  # fmt: skip
def test_who_knows_the_pods_calls_these_and_no_address_of_the_service(evidence: Any, address: str) -> None:
    (way,) = ways(Case(evidence))

    assert way.address == address


def test_who_calls_most_comes_first() -> None:
    held = {"payments-a": {"10.0.1.1": 1, "10.0.1.2": 1}}
    segments = {"payments-a": {"10.0.1.1": 5, "10.0.1.2": 50}}

    found = ways(Case(shop(held, callers=[PLAIN, caller("batch", 2)], segments=segments)))

    assert [way.caller for way in found] == ["shop/batch", "shop/checkout"]
