from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.causes.said import found, silent, texts
from diagnose.shops import aged, at_once, begun, caller, held, shop

from lbdemo.diagnose.causes.changing_now import cause
from lbdemo.diagnose.findings import Severity

CALLERS = [caller("checkout")]


def test_pods_that_came_after_others_less_than_a_minute_ago_are_told() -> None:
    said = found(cause, shop(held(1), callers=CALLERS, pods=aged([60, 60, 0.5])))

    assert said.severity is Severity.NOTE
    assert "payments-c came less than a minute before" in texts(said)


@pytest.mark.parametrize(
    "ages", [(60, 50, 40), (0.5, 0.5, 0.5), (0.5, 0.52, 0.55)], ids=["settled", "all new", "one rollout"]
)
def test_pods_that_are_settled_or_came_together_are_not(ages: tuple[float, ...]) -> None:
    assert silent(cause, shop(held(1), callers=CALLERS, pods=aged(ages)))


def test_pods_that_leave_are_told() -> None:
    seen = shop(held(1, 1, 1), callers=CALLERS, pods=aged([60, 60, 60]))
    assert isinstance(seen.slices, tuple)
    one = seen.slices[0]
    leaving = replace(one.endpoints[2], ready=False, terminating=True)
    changed = replace(seen, slices=(replace(one, endpoints=(*one.endpoints[:2], leaving)),))

    assert "payments-c is leaving" in texts(found(cause, changed))


def test_pods_that_came_and_went_while_it_was_watched_are_told() -> None:
    seen = replace(shop(held(1, 1, 1), callers=CALLERS, pods=aged([60, 60, 60])), came=2, went=1)

    assert "2 pods came and 1 pod went while it was watched" in texts(found(cause, seen))


@pytest.mark.parametrize(("ready", "told"), [((59, 0.5, 0.5), True), ((59, 2, 2), False), ((59, 0.5, 59), False)])
def test_pods_that_were_ready_a_moment_ago_are_told_where_a_client_that_takes_turns_began_before(
    ready: tuple[float, ...], told: bool
) -> None:
    turning = begun(caller("checkout"), 58.5, "--policy=round_robin")
    seen = shop(held(1), callers=[turning], headless=True, pods=at_once(*ready))

    if told:
        assert "payments-b and payments-c came less than a minute before" in texts(found(cause, seen))
    else:
        assert silent(cause, seen)
