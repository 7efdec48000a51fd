from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.causes.said import commands, found, silent, texts
from diagnose.meshes import ADDRESSES, SIDECAR, calling, cluster, rule
from diagnose.shops import shop

from lbdemo.diagnose.causes.least_request_looks_random import cause as least_request
from lbdemo.diagnose.causes.locality_before_policy import cause
from lbdemo.diagnose.evidence import Evidence, Surroundings
from lbdemo.diagnose.findings import Severity
from lbdemo.kube.records.istio import TrafficPolicy

TOLD = rule(TrafficPolicy(locality=True))


def zoned(
    *rates: int, zones: tuple[str, ...] = ("north", "south", "south"), weighed: bool = True, rules: bool = True,
    balancer: str = "LEAST_REQUEST", active: tuple[int, ...] = (1, 1, 1), priorities: tuple[int, ...] = (0, 0, 0),
) -> Evidence:  # fmt: skip
    """A sidecar's calls to pods of these zones, with so many of them in flight."""
    seen = calling(SIDECAR, *rates)
    told = dict(zip(ADDRESSES, zip(zones, active, priorities, strict=True), strict=True))
    looks = tuple(
        replace(look, hosts=tuple(
            replace(h, zone=told[h.address][0], calls_active=told[h.address][1], priority=told[h.address][2])
            for h in look.hosts))
        for look in seen.pop("envoys")
    )  # fmt: skip
    around = Surroundings(destination_rules=(TOLD,) if rules else ())
    return shop(**seen, envoys=looks, surroundings=around,
                clusters=(cluster(SIDECAR, balancer=balancer, locality=weighed),))  # fmt: skip


def test_a_zone_of_one_pod_that_gets_most_as_it_was_told() -> None:
    said = found(cause, zoned(240, 30, 30))

    assert (said.severity, said.explains) == (Severity.NOTE, 1.0)
    assert "2,640 calls to a pod of north (1 pod) and 330 calls to a pod of south (2 pods)" in texts(said)
    assert commands(said).startswith("kubectl -n shop patch destinationrule payments --type merge -p ")
    assert '"enabled":false' in commands(said)
    assert '"enabled":null' in said.fixes[0].undo[0]


def test_what_no_rule_of_the_services_has_told_is_a_problem_and_the_meshs_to_mend() -> None:
    said = found(cause, zoned(240, 30, 30, rules=False))

    assert said.severity is Severity.PROBLEM
    assert commands(said) == ""


def test_least_request_is_not_what_makes_the_difference() -> None:
    assert silent(least_request, zoned(240, 30, 30))
    assert not silent(least_request, zoned(240, 30, 30, weighed=False))


@pytest.mark.parametrize(
    "seen",
    [
        zoned(240, 30, 30, weighed=False),
        zoned(240, 30, 30, zones=("north", "north", "north")),
        zoned(240, 30, 30, priorities=(0, 1, 1)),
        zoned(30, 240, 30, zones=("north", "south", "north"), weighed=False),
        zoned(100, 100, 100),
    ],
)
def test_without_zones_that_are_weighed_nothing_is_said(seen: Evidence) -> None:
    assert silent(cause, seen)


def test_differences_within_a_zone_are_not_of_the_zones_making() -> None:
    assert silent(cause, zoned(100, 190, 10, zones=("north", "south", "south")))


def test_a_slow_pod_alone_in_its_zone_is_not_spared() -> None:
    said = found(cause, zoned(100, 100, 100, active=(12, 1, 1)))

    assert (said.severity, said.explains) == (Severity.RISK, 0.0)
    assert "payments-a is slow" in said.sentence
    assert "12 calls wait at payments-a on average, 1 at a usual pod" in texts(said)


@pytest.mark.parametrize(
    "seen",
    [
        zoned(100, 100, 100, active=(1, 12, 1)),
        zoned(100, 100, 100, active=(12, 1, 1), weighed=False),
        zoned(100, 100, 100, active=(12, 1, 1), balancer="ROUND_ROBIN"),
        zoned(100, 100, 100, active=(12, 12, 12)),
    ],
)
def test_a_slow_pod_that_could_be_spared_or_was_not_meant_to_be_has_another_cause(seen: Evidence) -> None:
    assert silent(cause, seen)
