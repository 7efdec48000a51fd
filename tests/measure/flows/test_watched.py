"""What intervals and callers say of a total's variance."""

from __future__ import annotations

import random

import pytest
from callers import at_random

from lbdemo.measure.flows import Flow
from lbdemo.measure.flows.watched import Watched, design_effect, even, togetherness, watched

ALPHA = 0.001


def rows_of(rng: random.Random, sizes: list[int]) -> list[tuple[int, ...]]:
    draw = at_random([0.25] * 4)
    return [tuple(draw(rng, size)) for size in sizes]


def test_independent_calls_have_a_design_effect_of_one_also_in_uneven_rows() -> None:
    rng = random.Random(1)

    effects = [design_effect(rows_of(rng, [5, 10, 400, 20, 80, 300, 7, 30])) or 0 for _ in range(400)]

    assert sum(effects) / len(effects) == pytest.approx(1, abs=0.1)


def test_a_busy_row_weighs_by_its_calls() -> None:
    small_is_lumpy = [(10, 0), (0, 10), *[(500, 500)] * 4]
    large_is_lumpy = [(5, 5), (5, 5), *[(900, 100), (100, 900)] * 2]

    assert (design_effect(small_is_lumpy) or 0) < 1 < 100 < (design_effect(large_is_lumpy) or 0)


def test_rows_are_worth_as_many_equal_ones() -> None:
    assert even([(5, 5)] * 7) == 7
    assert even([(1000, 0), (1, 0), (1, 0)]) == pytest.approx(1, abs=0.01)
    assert even([]) == 0


def test_togetherness_is_one_when_each_row_keeps_to_a_server_and_about_zero_by_chance() -> None:
    assert togetherness([(5, 0), (0, 2)]) == 1
    assert togetherness(rows_of(random.Random(2), [50] * 200)) == pytest.approx(0, abs=0.02)
    assert togetherness([(1, 0), (0, 1)]) is None


def test_a_few_callers_that_surely_differ_make_a_total_worth_less() -> None:
    alike = Watched(("a", "b"), ((50, 50),) * 12, callers=((300, 300), (300, 300)))
    differing = Watched(("a", "b"), ((50, 50),) * 12, callers=((600, 0), (0, 600)))

    assert alike.inflation(ALPHA) == 1
    assert differing.inflation(ALPHA) > 100


def test_callers_are_lined_up_by_look_and_by_endpoint() -> None:
    early = Flow("x", ("a", "b"), ((1, 2), (3, 4)), (1, 2), 2.0)
    late = Flow("y", ("b", "c"), ((10, 20),), (2,), 1.0)

    order = watched([early, late])

    assert order.servers == ("a", "b", "c")
    assert order.batches == ((1, 2, 0), (3, 14, 20))
    assert order.callers == ((4, 6, 0), (0, 10, 20))
