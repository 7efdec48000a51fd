"""What is kept, what is broken, and what nobody can tell."""

from __future__ import annotations

import pytest

from lbdemo.measure import Counts, Expectation, Verdict, judge


def verdict(first: int, second: int, fingerprint: str = "") -> Verdict:
    calls = first + second
    servers = tuple((name, count) for name, count in (("a", first), ("b", second)) if count)
    return judge(Counts(calls, calls, (), servers), Expectation(servers=("a", "b"), fingerprint=fingerprint))


@pytest.mark.parametrize("fingerprint", ["", "round robin", "least request"])
def test_a_few_calls_neither_keep_a_promise_nor_break_it(fingerprint: str) -> None:
    found = verdict(12, 0, fingerprint)

    assert (found.as_expected, found.undecided) == (False, True)


def test_uneven_shares_break_it() -> None:
    found = verdict(900, 100)

    assert (found.as_expected, found.undecided) == (False, False)


def test_least_request_takes_proof_that_all_take_part() -> None:
    assert not verdict(12, 0, "least request").as_expected
    assert verdict(520, 480, "least request").as_expected
