"""Subsets, weights and rules of a mesh: what is left out on purpose, and what by mistake."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from diagnose.meshes import SIDECAR, calling, changed, cluster, labelled, meshed, routed, rule, said, subsets
from diagnose.shops import caller, envoy_looks, route, shop

from lbdemo.diagnose.causes import (
    destination_rule_not_in_scope,
    headless_through_sidecar,
    least_request_looks_random,
    not_intercepted,
    outlier_turns_locality_on,
    route_sends_all_to_one,
    subset_misses_pods,
)
from lbdemo.diagnose.evidence import Evidence, Surroundings
from lbdemo.diagnose.findings import Finding, Severity
from lbdemo.kube.records.istio import Destination, TrafficPolicy

NEW, OLD = Destination("payments", "new"), Destination("payments", "old")
RULES = (rule(subsets=subsets("new", "old")),)


def only_new(*versions: str) -> Evidence:
    return meshed(
        9, 9, 9, pods=labelled(*versions), destination_rules=RULES, virtual_services=(routed(NEW, hosts=("payments",)),)
    )


def test_pods_in_no_subset_are_missed() -> None:
    (found,) = said(subset_misses_pods.cause, only_new("new", ""))

    assert isinstance(found, Finding)
    assert found.severity is Severity.PROBLEM
    assert "payments-1" in found.sentence


def test_pods_of_a_subset_that_gets_nothing_are_left_out_on_purpose() -> None:
    evidence = only_new("new", "old")

    assert not said(subset_misses_pods.cause, evidence)
    (found,) = said(route_sends_all_to_one.cause, evidence)
    assert isinstance(found, Finding)
    assert found.severity is Severity.NOTE


def test_a_subset_that_has_all_pods_leaves_none_out() -> None:
    assert not said(subset_misses_pods.cause, only_new("new", "new"))
    assert not said(route_sends_all_to_one.cause, only_new("new", "new"))


def test_subsets_of_another_host_are_not_of_this_service() -> None:
    elsewhere = routed(Destination("payments-v2", "green"), hosts=("payments",))
    evidence = meshed(9, 9, pods=labelled("new", ""), destination_rules=RULES, virtual_services=(elsewhere,))

    assert not said(subset_misses_pods.cause, evidence)


@pytest.mark.parametrize(("weights", "told"), [((80, 20), True), ((100, 0), True), ((50, 50), False)])
def test_unequal_weights_are_told_as_they_are(weights: tuple[int, int], told: bool) -> None:
    to = tuple(replace(one, weight=weight) for one, weight in zip((NEW, OLD), weights, strict=True))
    evidence = meshed(
        8, 2, pods=labelled("new", "old"), destination_rules=RULES,
        virtual_services=(routed(*to, hosts=("payments",)),),
    )  # fmt: skip

    found = said(route_sends_all_to_one.cause, evidence)

    assert bool(found) is told
    assert all(isinstance(one, Finding) and one.severity is Severity.NOTE for one in found)


def test_a_rule_in_a_third_namespace_has_no_effect() -> None:
    (found,) = said(destination_rule_not_in_scope.cause, meshed(9, 9, 9, destination_rules=(rule(namespace="ops"),)))

    assert isinstance(found, Finding)
    assert found.severity is Severity.RISK


def test_a_rule_of_other_callers_is_theirs() -> None:
    ops = caller("report", 2, proxy="istio-proxy", namespace="ops")
    both = calling(SIDECAR, 9, 9, 9)
    both["callers"].append(ops)
    both["envoys"] += envoy_looks(ops, {"10.0.0.1": 9}, "payments.shop.svc.cluster.local")
    here = Surroundings(destination_rules=(rule(namespace="ops"),))

    assert not said(destination_rule_not_in_scope.cause, shop(**both, surroundings=here))


def test_a_rule_that_is_kept_to_its_namespace_or_beside_one_that_holds_is_no_mistake() -> None:
    kept = rule(namespace="ops", export_to=(".",))

    assert not said(destination_rule_not_in_scope.cause, meshed(9, 9, 9, destination_rules=(kept,)))
    assert not said(
        destination_rule_not_in_scope.cause, meshed(9, 9, 9, destination_rules=(rule(namespace="ops"), rule()))
    )


@pytest.mark.parametrize(
    ("locality", "severity"), [(None, Severity.PROBLEM), (True, Severity.NOTE), (False, Severity.PROBLEM)]
)
def test_pods_of_another_zone_that_come_after_the_others(locality: bool | None, severity: Severity) -> None:
    policy = TrafficPolicy(outlier_detection=True, locality=locality)
    evidence = changed(meshed(20, 20, 0, destination_rules=(rule(policy),)), "10.0.0.3", priority=1, zone="b")

    (found,) = said(outlier_turns_locality_on.cause, evidence)

    assert isinstance(found, Finding)
    assert found.severity is severity
    assert "10.0.0.3 (b)" in found.evidence[0].text


def test_pods_of_one_priority_or_called_all_the_same_are_another_case() -> None:
    assert not said(outlier_turns_locality_on.cause, meshed(20, 20, 0))
    assert not said(outlier_turns_locality_on.cause, changed(meshed(20, 20, 5), "10.0.0.3", priority=1))


def test_least_request_is_told_where_all_callers_choose_by_it() -> None:
    (found,) = said(
        least_request_looks_random.cause,
        shop(**calling(SIDECAR, 30, 24, 25), clusters=(cluster(SIDECAR, balancer="LEAST_REQUEST"),)),
    )

    assert isinstance(found, Finding)
    assert found.severity is Severity.NOTE


def test_least_request_explains_nothing_where_connections_are_passed_on_or_somebody_else_calls() -> None:
    told: dict[str, Any] = {"clusters": (cluster(SIDECAR, balancer="LEAST_REQUEST"),)}
    tcp = shop(**calling(SIDECAR, 30, 24, 25), **told, routes=(route(SIDECAR, "tcp"),))
    plain = calling(SIDECAR, 30, 24, 25)
    plain["callers"].append(caller("batch", 2))
    held = {"payments-a": {"10.0.1.2": 1}}

    assert not said(least_request_looks_random.cause, tcp)
    assert not said(least_request_looks_random.cause, shop(held, **plain, **told))


def test_a_headless_service_whose_endpoints_the_sidecar_knows_is_another_case() -> None:
    def seen(kind: str) -> list[object]:
        told = (cluster(SIDECAR, type=kind),)
        return list(said(headless_through_sidecar.cause,
                         shop(**calling(SIDECAR, 9, 0, 0), headless=True, clusters=told)))  # fmt: skip

    assert seen("ORIGINAL_DST")
    assert not seen("EDS")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("excludeOutboundPorts", "25, 8080", True), ("excludeOutboundPorts", "80", False),
     ("includeOutboundIPRanges", "10.0.0.0/8", True), ("includeOutboundIPRanges", "*", False),
     ("excludeOutboundIPRanges", "", False)],
)  # fmt: skip
def test_what_takes_a_port_or_an_address_from_the_sidecar(name: str, value: str, told: bool) -> None:
    who = caller("checkout", proxy="istio-proxy", meta={"annotations": {f"traffic.sidecar.istio.io/{name}": value}})
    seen = calling(who, 0, 0, 0)

    assert bool(said(not_intercepted.cause, shop({"payments-a": {"10.0.1.1": 1}}, **seen))) is told
