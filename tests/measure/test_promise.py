"""What is kept, what is broken, and what nobody can tell."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from simulation import beside, counted, least_request, pinned_connections

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


@pytest.mark.parametrize("slow", [1, 4])
def test_least_requests_on_several_connections_keep_their_promise_together(slow: float) -> None:
    one = least_request([0.02 * slow, 0.02, 0.02], rate=100)
    rng, slower = random.Random(5), (("s0", "s1"), ("s0", "s2")) if slow > 1 else ()

    kept = [
        judge(
            replace(counted(beside(one, 4)(rng, 2400), 3), slower=slower),
            Expectation(servers=("s0", "s1", "s2"), fingerprint="least request"),
        ).as_expected
        for _ in range(30)
    ]

    assert sum(kept) >= 29


def test_connections_that_stay_with_a_server_each_break_least_requests_promise() -> None:
    calls = counted(pinned_connections([1 / 3] * 3, 4)(random.Random(6), 2400), 3)

    found = judge(calls, Expectation(servers=("s0", "s1", "s2"), fingerprint="least request"))

    assert (found.as_expected, found.undecided) == (False, False)
