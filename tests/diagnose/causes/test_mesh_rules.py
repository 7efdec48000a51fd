"""Rules of a mesh: which hold for whom, which policy and which zones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from diagnose.meshes import HOST, SIDECAR, calling, changed, cluster, meshed, rule, said
from diagnose.pasting import pasted
from diagnose.shops import caller, envoy_looks, route, shop

from lbdemo.diagnose.causes import (
    destination_rule_not_in_scope,
    headless_through_sidecar,
    least_request_looks_random,
    outlier_turns_locality_on,
)
from lbdemo.diagnose.evidence import Surroundings
from lbdemo.diagnose.findings import Finding, Severity
from lbdemo.kube.records.istio import TrafficPolicy


def test_a_rule_in_a_third_namespace_has_no_effect_until_there_is_a_copy_of_it() -> None:
    (found,) = said(destination_rule_not_in_scope.cause, meshed(9, 9, 9, destination_rules=(rule(namespace="ops"),)))

    assert isinstance(found, Finding)
    assert found.severity is Severity.RISK
    made = found.fixes[0].commands[0]
    assert "$(kubectl -n ops get destinationrule payments -o 'jsonpath={.spec}')" in made
    assert '"namespace": "shop"' in made
    assert found.fixes[0].undo == ("kubectl -n shop delete destinationrule payments",)


def test_a_copy_that_would_not_hold_either_is_not_made() -> None:
    kept = rule(namespace="ops", export_to=("shop",))
    front = caller("web", proxy="istio-proxy", namespace="front")
    seen = shop(**calling(front, 9, 9, 9), surroundings=Surroundings(destination_rules=(kept,)))

    (found,) = said(destination_rule_not_in_scope.cause, seen)

    assert isinstance(found, Finding)
    assert found.fixes[0].commands == ()


def test_a_rule_that_is_not_exported_to_the_callers_is_exported_to_them_too() -> None:
    mine = rule(export_to=(".",))
    front = caller("web", proxy="istio-proxy", namespace="front")
    seen = shop(**calling(front, 9, 9, 9), surroundings=Surroundings(destination_rules=(mine,)))
    object_ = {"spec": {"exportTo": ["."]}}

    (found,) = said(destination_rule_not_in_scope.cause, seen)

    assert isinstance(found, Finding)
    after = pasted(object_, found.fixes[0].commands)
    assert after == {"spec": {"exportTo": [".", "front"]}}
    assert pasted(after, found.fixes[0].undo) == object_


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
    for_all = replace(rule(namespace="ops"), host="*.shop.svc.cluster.local")
    assert not said(destination_rule_not_in_scope.cause, meshed(9, 9, 9, destination_rules=(for_all,)))
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
    assert "simple: ROUND_ROBIN" in found.fixes[0].commands[0]
    assert found.fixes[0].undo == ("kubectl -n shop delete destinationrule payments",)


def test_least_request_that_nobody_asked_for_comes_back_by_asking_for_nothing() -> None:
    evidence = replace(
        shop(**calling(SIDECAR, 30, 24, 25), clusters=(cluster(SIDECAR, balancer="LEAST_REQUEST"),)),
        surroundings=Surroundings(destination_rules=(rule(),)),
    )
    (found,) = said(least_request_looks_random.cause, evidence)

    assert isinstance(found, Finding)
    after = pasted({"spec": {"host": HOST}}, found.fixes[0].commands)
    assert after["spec"]["trafficPolicy"]["loadBalancer"] == {"simple": "ROUND_ROBIN"}
    assert pasted(after, found.fixes[0].undo)["spec"]["trafficPolicy"]["loadBalancer"] == {}


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
