"""What is known of a quantile: its interval, by order statistics."""

from __future__ import annotations

import math

import pytest

from lbdemo.measure.histogram import Histogram
from lbdemo.records.quantiles import quantiles, ranks


def exact(low: int, high: int, calls: int, q: float) -> float:
    """The probability that the quantile lies between these ranks: so many calls lie below it (binomial)."""
    ways = (math.lgamma(calls + 1) - math.lgamma(n + 1) - math.lgamma(calls - n + 1) for n in range(low, high))
    numbers = range(low, high)
    return sum(
        math.exp(way + n * math.log(q) + (calls - n) * math.log1p(-q)) for way, n in zip(ways, numbers, strict=True)
    )


@pytest.mark.parametrize("calls", [30, 903, 5000, 50_000])
@pytest.mark.parametrize("q", [0.5, 0.9, 0.99])
def test_an_interval_holds_in_95_of_100_cases_and_hardly_more(calls: int, q: float) -> None:
    low, high = ranks(calls, q)

    covered = exact(low, high, calls, q)

    assert covered >= 0.95
    if calls * (1 - q) > 100:
        assert covered < 0.97


@pytest.mark.parametrize(("calls", "known"), [(499, False), (500, True)])
def test_a_p99_takes_500_calls(calls: int, known: bool) -> None:
    histogram = Histogram()
    histogram.add_all([0.01] * calls)

    found = quantiles(histogram)

    assert found is not None
    assert (found.p99 is not None, found.p99_interval is not None) == (known, known)


def test_where_no_call_was_slow_enough_an_interval_has_no_end() -> None:
    histogram = Histogram()
    histogram.add_all([0.01] * 20)

    found = quantiles(histogram)

    assert found is not None
    assert found.p90_interval is not None
    assert found.p90_interval[1] is None
