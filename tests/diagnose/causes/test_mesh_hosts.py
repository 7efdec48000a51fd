"""What callers' Envoys tell of hosts and policies: ejected, gone, hashed, ended too soon."""

from __future__ import annotations

import json
from typing import Any

import pytest
from diagnose.meshes import HOST, SIDECAR, calling, changed, cluster, meshed, rule, said
from diagnose.pasting import pasted
from diagnose.shops import NAMES, envoy_looks, pod, shop

from lbdemo.diagnose.causes import consistent_hash, ejection_at_work, few_requests_per_connection, stale_original_dst
from lbdemo.diagnose.evidence import Evidence, Surroundings
from lbdemo.diagnose.findings import Finding, Fix, Severity
from lbdemo.kube.records.istio import TrafficPolicy
from lbdemo.kube.records.meta import Meta, Owner
from lbdemo.kube.records.workloads import Deployment

GONE = "10.0.0.99"


@pytest.mark.parametrize(("flag", "told"), [("failed_outlier_check", True), ("failed_eds_health", False)])
def test_pods_that_were_ejected_for_their_failures(flag: str, told: bool) -> None:
    found = said(ejection_at_work.cause, changed(meshed(20, 20, 0), "10.0.0.3", unhealthy=(flag,)))

    assert bool(found) is told
    assert all(isinstance(one, Finding) and "payments-c" in one.sentence for one in found)


def ejected(*ill: str, **around: Any) -> tuple[Fix, ...]:
    """What is printed of pods of a Deployment that were ejected, of these addresses."""
    meta = {"labels": {"app": "payments", "tier": "web", "pod-template-hash": "1a"},
            "owners": (Owner("ReplicaSet", "payments-1a", "u", True),)}  # fmt: skip
    pods = tuple(pod(name, f"10.0.0.{n}", meta=meta) for n, name in enumerate(NAMES, 1))
    evidence = meshed(20, 20, 0, pods=pods, **around)
    for address in ill:
        evidence = changed(evidence, address, unhealthy=("failed_outlier_check",))
    (found,) = said(ejection_at_work.cause, evidence)
    assert isinstance(found, Finding)
    return found.fixes


def deployment(**selector: str) -> Deployment:
    return Deployment(Meta("Deployment", "shop", "payments"), 3, 3, 3, 3, True, 1, (), (), selector)


def test_an_ejected_pod_can_be_set_aside_by_the_label_that_keeps_it() -> None:
    fixes = ejected("10.0.0.3", deployments=(deployment(tier="web", app="payments"),))

    assert fixes[0].commands == ("kubectl -n shop logs payments-c --tail=100",)
    assert fixes[1].commands == ("kubectl -n shop label pod payments-c app-",)
    assert fixes[1].undo == ("kubectl -n shop label pod payments-c app=payments",)


@pytest.mark.parametrize("deployments", [(), (deployment(tier="web"),)])
def test_where_none_would_be_made_in_its_place_it_is_not(deployments: tuple[Deployment, ...]) -> None:
    assert len(ejected("10.0.0.3", deployments=deployments)) == 1


def test_where_all_are_ejected_none_is_set_aside() -> None:
    there = (deployment(app="payments"),)

    assert len(ejected("10.0.0.1", "10.0.0.2", deployments=there)) == 2
    assert len(ejected("10.0.0.1", "10.0.0.2", "10.0.0.3", deployments=there)) == 1


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
    assert found.fixes[0].commands == ("kubectl -n shop rollout restart deployment/checkout",)


def waiting(*sent: int, calls: tuple[int, ...] = (1, 1)) -> Evidence:
    """Looks between which so many calls were sent to the address, while others wait for a connection there."""
    looks = [changed(lost(), GONE, calls_total=total, calls_waiting=wait).envoys[turn]
             for turn, (total, wait) in enumerate(zip(sent, calls, strict=True))]  # fmt: skip
    return shop(callers=[SIDECAR], envoys=tuple(looks))


def test_calls_that_wait_for_a_connection_to_an_address_that_no_pod_has_fail_only_later() -> None:
    (found,) = said(stale_original_dst.cause, waiting(3, 3))

    assert isinstance(found, Finding)
    assert found.evidence[0].text == f"no endpoint has {GONE}; calls wait for a connection to it in vain"


@pytest.mark.parametrize("seen", [
    waiting(3, 4), waiting(3, 3, calls=(0, 1)), waiting(3, 3, calls=(1, 0)), waiting(3, calls=(1,)),
])  # fmt: skip
def test_calls_that_wait_for_a_moment_get_their_connection(seen: Evidence) -> None:
    assert not said(stale_original_dst.cause, seen)


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


def hashed(policy: TrafficPolicy) -> Fix:
    told = shop(**calling(SIDECAR, 99, 0, 0), clusters=(cluster(SIDECAR, balancer="RING_HASH"),),
                surroundings=Surroundings(destination_rules=(rule(policy),)))  # fmt: skip
    (found,) = said(consistent_hash.cause, told)
    assert isinstance(found, Finding)
    return found.fixes[0]


def test_a_hash_is_taken_off_and_comes_back_with_all_that_it_said() -> None:
    how = {"httpCookie": {"name": "session", "ttl": "0s"}, "minimumRingSize": 64}
    seen = {"spec": {"trafficPolicy": {"loadBalancer": {"consistentHash": how}}}}

    fix = hashed(TrafficPolicy("CONSISTENT_HASH", "httpCookie session", hash=json.dumps(how)))

    after = pasted(seen, fix.commands)
    assert after["spec"]["trafficPolicy"]["loadBalancer"] == {}
    assert pasted(after, fix.undo) == seen


def test_a_hash_that_the_rule_for_the_host_does_not_have_is_not_taken_off_it() -> None:
    assert hashed(TrafficPolicy()).commands == ()


@pytest.mark.parametrize(("limit", "told"), [(1, True), (99, True), (100, False), (0, False), (None, False)])
def test_connections_that_end_after_a_few_calls(limit: int | None, told: bool) -> None:
    policy = TrafficPolicy(requests_per_connection=limit)

    found = said(few_requests_per_connection.cause, meshed(9, 9, 9, destination_rules=(rule(policy),)))

    assert bool(found) is told
    for one in found:
        assert isinstance(one, Finding)
        assert one.fixes[0].commands[0].startswith("kubectl -n shop patch destinationrule payments --type json -p ")
        assert f'"value":{limit}' in one.fixes[0].undo[0]
