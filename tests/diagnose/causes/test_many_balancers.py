from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from diagnose.causes.said import found, silent, texts
from diagnose.meshes import cluster, rule
from diagnose.shops import caller, counted, route, shop

from lbdemo.diagnose.causes.many_balancers import cause
from lbdemo.diagnose.evidence import Evidence, Surroundings
from lbdemo.diagnose.findings import Severity
from lbdemo.kube.records.istio import TrafficPolicy

SIDECARS = tuple(caller(f"checkout-{n}", n, proxy="istio-proxy") for n in (1, 2, 3))


def seen(*calls: Sequence[int], active: Sequence[int] = (0, 0, 0), limit: TrafficPolicy | None = None) -> Evidence:
    """Sidecars with so many calls to each pod, and so many in flight."""
    callers = SIDECARS[: len(calls)]
    looks = [look for who, each in zip(callers, calls, strict=True) for look in counted(who, each, active)]
    rules = () if limit is None else (rule(limit),)
    return shop(callers=callers, envoys=tuple(looks), routes=tuple(route(one) for one in callers),
                clusters=tuple(cluster(one) for one in callers),
                surroundings=Surroundings(destination_rules=rules))  # fmt: skip


def test_turns_that_all_begin_at_the_same_pod() -> None:
    said = found(cause, seen((3, 2, 2), (3, 2, 2), (3, 2, 2)))

    assert (said.severity, said.explains) == (Severity.NOTE, 0.0)
    assert "checkout-1 3/2/2, checkout-2 3/2/2" in texts(said)


@pytest.mark.parametrize(
    "calls",
    [
        [(3, 2, 2)],
        [(3, 2, 2), (2, 2, 3)],
        [(1, 0, 0), (1, 0, 0), (1, 0, 0)],
        [(4, 2, 2), (3, 2, 2)],
        [(2, 2, 2), (2, 2, 2)],
        [(80, 79, 79), (80, 79, 79)],
    ],
)
def test_one_alone_even_sums_single_calls_and_less_than_turns_are_none_of_it(calls: list[tuple[int, ...]]) -> None:
    assert silent(cause, seen(*calls))


def test_callers_that_nobody_looks_into_may_be_what_makes_it_uneven() -> None:
    one = seen((3, 2, 2), (3, 2, 2))
    stranger = caller("batch", 9)
    held = shop({"payments-a": {"10.0.1.9": 1}}).sockets

    assert silent(cause, replace(one, callers=(*one.callers, stranger), sockets=held))


def test_a_limit_that_each_keeps_and_all_together_do_not() -> None:
    said = found(cause, seen((9, 9, 9), (9, 9, 9), active=(1, 1, 0), limit=TrafficPolicy(max_requests=2)))

    assert said.severity is Severity.NOTE
    assert (
        said.sentence == "The limit of 2 calls in flight holds for each sidecar by itself: 2 of them have 4 together."
    )
    assert "checkout-1 2 and checkout-2 2" in texts(said)


@pytest.mark.parametrize(
    ("callers", "active", "limit"),
    [
        (2, (1, 1, 0), 4),
        (1, (1, 1, 0), 1),
        (2, (1, 0, 0), 2),
        (2, (0, 0, 0), 2),
        (2, (1, 1, 0), None),
        (2, (1, 1, 1), 2),
    ],
)
def test_limits_that_hold_are_not_told(callers: int, active: tuple[int, ...], limit: int | None) -> None:
    calls = [(9, 9, 9)] * callers

    assert silent(cause, seen(*calls, active=active, limit=TrafficPolicy(max_requests=limit)))
