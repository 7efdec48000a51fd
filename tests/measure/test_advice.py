"""How many calls a fresh block should have, where a block could not tell."""

from __future__ import annotations

from lbdemo.measure import Counts, Expectation, Outcome, judge
from lbdemo.measure.intervals import log10_at_most
from lbdemo.measure.plan import inside


def of_two(first: int, second: int) -> Counts:
    calls = first + second
    return Counts(calls, calls, (), (("a", first), ("b", second)))


def test_the_advised_block_settles_it_also_where_these_calls_were_lucky() -> None:
    verdict = judge(of_two(552, 448), Expectation())
    unlucky = 0.552 + 1.645 * (0.552 * 0.448 / 1000) ** 0.5  # the share may be so large in one of 20 cases

    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.more_calls is not None
    _, most = inside(verdict.more_calls, 0.5, 0.2, 0.001)
    assert 10 ** log10_at_most(most, verdict.more_calls, unlucky) > 0.94


def test_a_share_that_would_take_too_long_has_no_number() -> None:
    verdict = judge(of_two(1260, 740), Expectation())

    assert (verdict.outcome, verdict.more_calls) == (Outcome.INCONCLUSIVE, None)
