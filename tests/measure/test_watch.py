"""How many calls a source of its own exactness must count."""

from __future__ import annotations

import pytest

from lbdemo.measure import plan_calls
from lbdemo.measure.bands import EXACT, Source
from lbdemo.measure.watch import plan_watch, provable_tolerance

ALPHA = 0.001


def within(error: float) -> Source:
    return Source(error, intervals=12)


def test_where_each_call_is_known_a_watch_is_planned_as_a_block_is() -> None:
    assert plan_watch(3, 0.2, ALPHA, EXACT) == plan_calls(3, 0.2, ALPHA)


def test_a_less_exact_source_must_count_more_calls() -> None:
    wanted = [plan_watch(3, 0.5, ALPHA, within(error)) or 0 for error in (0.0, 0.03, 0.1)]

    assert wanted == sorted(wanted)
    assert wanted[-1] > 3 * wanted[0]


@pytest.mark.parametrize("servers", [2, 3, 5])
def test_within_10_percent_half_is_proven_and_20_percent_is_not(servers: int) -> None:
    assert plan_watch(servers, 0.5, ALPHA, within(0.1)) is not None
    assert plan_watch(servers, 0.2, ALPHA, within(0.1)) is None


def test_the_smallest_tolerance_that_can_be_proven_is_named() -> None:
    assert provable_tolerance(3, 0.2, ALPHA, within(0.0)) == 0.2
    assert provable_tolerance(5, 0.2, ALPHA, within(0.1)) == 0.5
    assert provable_tolerance(100, 0.2, ALPHA, within(0.1)) == 0.7


def test_one_server_needs_no_plan() -> None:
    assert plan_watch(1, 0.2, ALPHA, within(0.1)) == plan_calls(1)
