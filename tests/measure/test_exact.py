"""The intervals' ends are where the exact test begins to hold."""

from __future__ import annotations

import pytest

from lbdemo.measure.exact import above, below, highest, lowest
from lbdemo.measure.intervals import log10_at_least, log10_at_most

CASES = [(1, 1), (1, 1000), (999, 1000), (5, 17), (700, 2100), (63_000, 126_000)]


@pytest.mark.parametrize(("calls", "of"), CASES)
@pytest.mark.parametrize("alpha", [0.05, 0.001, 1e-9])
def test_at_its_ends_an_interval_leaves_just_alpha(calls: int, of: int, alpha: float) -> None:
    low, high = lowest(calls, of, alpha), highest(calls, of, alpha)

    assert 10 ** log10_at_least(calls, of, low) == pytest.approx(alpha, rel=1e-5)
    if calls < of:
        assert 10 ** log10_at_most(calls, of, high) == pytest.approx(alpha, rel=1e-5)
    else:
        assert high == 1.0


def test_of_nothing_the_interval_says_nothing() -> None:
    assert lowest(0, 50, 0.001) == 0.0
    assert highest(50, 50, 0.001) == 1.0


def test_the_test_holds_beyond_the_end_and_not_before() -> None:
    low, high = lowest(700, 2100, 0.001), highest(700, 2100, 0.001)

    assert above(700, 2100, low * 0.9999, 0.001)
    assert not above(700, 2100, low * 1.0001, 0.001)
    assert below(700, 2100, high * 1.0001, 0.001)
    assert not below(700, 2100, high * 0.9999, 0.001)
