from __future__ import annotations

import math
import random
import sys
from math import ceil

import pytest

from lbdemo.measure import Histogram


def histogram_of(*values: float) -> Histogram:
    histogram = Histogram()
    for value in values:
        histogram.add(value)
    return histogram


def state(histogram: Histogram) -> list[float]:
    return [
        histogram.count,
        histogram.min,
        histogram.max,
        *(histogram.quantile(q / 1000) for q in range(1001)),
    ]


def durations(seed: int, count: int) -> list[float]:
    rng = random.Random(seed)
    return [math.exp(rng.uniform(math.log(1e-6), math.log(600))) for _ in range(count)]


def test_every_duration_from_1_microsecond_to_10_minutes_is_kept_within_1_percent() -> None:
    for value in [1e-6, *durations(1, 5000), 599.999999]:
        # Two far values keep the exact minimum and maximum from helping.
        kept = histogram_of(0.0, value, 1000.0).quantile(0.5)
        assert abs(kept - value) <= 0.01 * value


@pytest.mark.parametrize("q", [0.001, 0.07, 0.5, 0.9, 0.99, 0.999])
def test_a_quantile_is_within_1_percent_of_the_one_by_nearest_rank(q: float) -> None:
    values = durations(2, 10_000)

    estimate = histogram_of(*values).quantile(q)

    exact = sorted(values)[ceil(round(q * 10_000, 6)) - 1]
    assert estimate == pytest.approx(exact, rel=0.01)


def test_the_median_of_100_is_the_50th_and_0_07_is_the_7th() -> None:
    histogram = histogram_of(*(n / 1000 for n in range(1, 101)))

    assert histogram.quantile(0.5) == pytest.approx(0.050, rel=0.01)
    assert histogram.quantile(0.07) == pytest.approx(0.007, rel=0.01)


def test_count_minimum_and_maximum_are_exact() -> None:
    histogram = histogram_of(0.25, 0.000_001_5, 0.1, 0.1)

    assert (histogram.count, histogram.min, histogram.max) == (4, 0.000_001_5, 0.25)


def test_quantiles_0_and_1_are_the_exact_minimum_and_maximum() -> None:
    histogram = histogram_of(0.123456, 0.2, 0.3456789)

    assert (histogram.quantile(0), histogram.quantile(1)) == (0.123456, 0.3456789)


def test_durations_outside_the_range_are_counted_at_its_ends_and_the_extremes_kept() -> None:
    histogram = histogram_of(0.0, 1e-9, 600.0, 5000.0, 7000.0)

    assert (histogram.min, histogram.max, histogram.count) == (0.0, 7000.0, 5)
    assert histogram.quantile(0.3) == pytest.approx(1e-6, rel=0.03)
    assert histogram.quantile(0.7) == pytest.approx(600, rel=0.03)


@pytest.mark.parametrize("value", [-1e-9, math.nan, math.inf, -math.inf])
def test_what_is_no_duration_is_refused_and_counted_nowhere(value: float) -> None:
    histogram = histogram_of(1.0)

    with pytest.raises(ValueError, match="finite"):
        histogram.add(value)

    assert state(histogram) == state(histogram_of(1.0))


@pytest.mark.parametrize("q", [-0.1, 1.1, math.nan])
def test_a_quantile_beyond_0_and_1_is_refused(q: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        histogram_of(1.0).quantile(q)


def test_nothing_has_no_quantile() -> None:
    with pytest.raises(ValueError, match="nothing"):
        Histogram().quantile(0.5)


@pytest.mark.parametrize("values", [durations(6, 500), [0.0, 1e-9, *durations(7, 50), 600.0, 5000.0], []])
def test_adding_many_at_once_equals_adding_each(values: list[float]) -> None:
    together = Histogram()

    together.add_all(values)

    each = histogram_of(*values)
    assert together.buckets == each.buckets
    assert (together.count, together.min, together.max) == (each.count, each.min, each.max)


def test_merging_in_any_order_equals_adding_all() -> None:
    a, b, c = durations(3, 300), durations(4, 20), durations(5, 111)

    left = histogram_of(*a)
    left.merge(histogram_of(*b))
    left.merge(histogram_of(*c))
    right = histogram_of(*c)
    right.merge(histogram_of(*b))
    nested = histogram_of(*a)
    nested.merge(right)

    assert state(left) == state(nested) == state(histogram_of(*a, *b, *c))


@pytest.mark.parametrize(("one", "other"), [((0.2, 0.3), (0.1, 0.4)), ((0.1, 0.4), (0.2, 0.3))])
def test_merging_keeps_the_shortest_and_the_longest_of_both(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    merged = histogram_of(*one)

    merged.merge(histogram_of(*other))

    assert (merged.min, merged.max, merged.count) == (0.1, 0.4, 4)


def test_merging_leaves_the_other_as_it_was() -> None:
    one, other = histogram_of(1.0), histogram_of(2.0)

    one.merge(other)
    one.add(3.0)

    assert state(other) == state(histogram_of(2.0))


def test_its_memory_does_not_depend_on_what_was_added() -> None:
    histogram = Histogram()
    before = sys.getsizeof(histogram._buckets)

    for value in durations(6, 5000):
        histogram.add(value)

    assert sys.getsizeof(histogram._buckets) == before < 10_000
