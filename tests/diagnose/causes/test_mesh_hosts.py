"""What callers' Envoys tell of hosts and policies: ejected, gone, hashed, ended too soon."""

from __future__ import annotations

from typing import Any

import pytest
from diagnose.meshes import HOST, SIDECAR, calling, changed, cluster, meshed, rule, said
from diagnose.shops import envoy_looks, shop

from lbdemo.diagnose.causes import consistent_hash, ejection_at_work, few_requests_per_connection, stale_original_dst
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.findings import Finding, Severity
from lbdemo.kube.records.istio import TrafficPolicy

GONE = "10.0.0.99"


@pytest.mark.parametrize(("flag", "told"), [("failed_outlier_check", True), ("failed_eds_health", False)])
def test_pods_that_were_ejected_for_their_failures(flag: str, told: bool) -> None:
    found = said(ejection_at_work.cause, changed(meshed(20, 20, 0), "10.0.0.3", unhealthy=(flag,)))

    assert bool(found) is told
    assert all(isinstance(one, Finding) and "payments-c" in one.sentence for one in found)


def lost(**told: Any) -> Evidence:
    return changed(shop(callers=[SIDECAR], envoys=envoy_looks(SIDECAR, {"10.0.0.1": 9, GONE: 3}, HOST)), GONE, **told)


def test_addresses_that_no_pod_has_are_told_while_calls_to_them_go_on_failing() -> None:
    looks = lost().envoys
    failing = tuple(
        type(look)(look.pod, look.turn, look.at, changed(lost(), GONE, calls_failed=number).envoys[0].hosts)
        for number, look in enumerate(looks)
    )

    (found,) = said(stale_original_dst.cause, shop(callers=[SIDECAR], envoys=failing))

    assert isinstance(found, Finding)
    assert GONE in found.evidence[0].text


def test_addresses_that_are_left_over_and_not_called_any_more_are_no_fault() -> None:
    assert not said(stale_original_dst.cause, lost(calls_failed=7))
    assert not said(stale_original_dst.cause, meshed(9, 9, 9))


@pytest.mark.parametrize(("balancer", "told"), [("RING_HASH", True), ("MAGLEV", True), ("ROUND_ROBIN", False)])
def test_a_hash_is_told_as_it_is(balancer: str, told: bool) -> None:
    found = said(
        consistent_hash.cause, shop(**calling(SIDECAR, 99, 0, 0), clusters=(cluster(SIDECAR, balancer=balancer),))
    )

    assert bool(found) is told
    assert all(isinstance(one, Finding) and one.severity is Severity.NOTE for one in found)


@pytest.mark.parametrize(("limit", "told"), [(1, True), (99, True), (100, False), (0, False), (None, False)])
def test_connections_that_end_after_a_few_calls(limit: int | None, told: bool) -> None:
    policy = TrafficPolicy(requests_per_connection=limit)

    found = said(few_requests_per_connection.cause, meshed(9, 9, 9, destination_rules=(rule(policy),)))

    assert bool(found) is told
    for one in found:
        assert isinstance(one, Finding)
        assert one.fixes[0].commands[0].startswith("kubectl -n shop patch destinationrule payments --type json -p ")
        assert f'"value":{limit}' in one.fixes[0].undo[0]
