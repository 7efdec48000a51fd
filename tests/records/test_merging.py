"""Several runs as one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import groupby

import pytest

from lbdemo.errors import InputError
from lbdemo.measure import Expectation, Outcome, judge
from lbdemo.records import Sample, encode
from lbdemo.records.merging import OTHERS_ASKED, together
from lbdemo.records.recording import Recording, begin, read
from lbdemo.records.report import Witness

ASKED = Expectation(servers=("a", "b"), looks=2)
CALLS = 700


def run(
    day: int, server: Callable[[int], str], name: str = "envoy", asked: Expectation = ASKED, milliseconds: float = 1
) -> Recording:
    """So many calls, made at once on one connection."""
    start = 1.7e9 + 86400 * day
    calls = (Sample(n, start + n / 100, start + n / 100, milliseconds / 1000, server(n), "OK") for n in range(CALLS))
    head = begin(name, "through Envoy", f"2026-01-0{day}T00:00:00+00:00", {"day": str(day)}, asked, CALLS)
    return read([head, *map(encode, calls)])


def turns(number: int) -> str:
    return "ab"[number % 2]


def outcome(recording: Recording) -> Outcome:
    return judge(recording.tally.summary().counts, recording.expectation, recording.look).outcome


def test_one_run_is_itself() -> None:
    one = run(1, turns)

    assert together([one]) is one


def test_runs_that_are_even_each_are_even_together() -> None:
    both = together([run(2, turns), run(1, turns)])

    assert outcome(both) is Outcome.BALANCED
    assert both.tally.summary().sent == 2 * CALLS
    assert (both.title, both.started) == ("through Envoy (2 runs)", "2026-01-01T00:00:00+00:00")
    assert both.environment == {"day": "2, 1"}


def test_runs_that_each_keep_to_one_server_are_not_balanced_by_their_sum() -> None:
    both = together([run(1, lambda _: "a"), run(2, lambda _: "b")])

    summary = both.tally.summary()
    assert [server.calls for server in summary.servers] == [CALLS, CALLS]
    assert summary.order is not None
    assert summary.order.connections == ((CALLS, 0), (0, CALLS)), "each run has connections of its own"
    assert outcome(both) is Outcome.PINNED


def test_the_first_of_long_runs_comes_before_the_second_in_the_order() -> None:
    both = together([run(1, lambda _: "a"), run(2, lambda _: "b"), run(3, lambda _: "a")])

    order = both.tally.summary().order
    assert order is not None
    assert order.totals == (2 * CALLS, CALLS)
    most = [order.servers[row.index(max(row))] for row in order.batches]
    assert [server for server, _ in groupby(most)] == ["a", "b", "a"]


def test_latencies_are_added_bucket_by_bucket() -> None:
    fast, slow = run(1, turns), run(2, turns, milliseconds=50)

    buckets = dict(together([fast, slow]).tally.summary().buckets)

    assert buckets == dict(fast.tally.summary().buckets) | dict(slow.tally.summary().buckets)


def test_all_calls_are_one_test_with_the_whole_error_probability() -> None:
    both = together([run(1, turns), run(2, turns)])

    assert (both.expectation.looks, both.look) == (1, 1)


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (run(2, turns, name="istio"), "different things: envoy, istio"),
        (run(2, turns, asked=replace(ASKED, servers=("a", "c"))), "expect different servers"),
        (run(1, turns), "given twice"),
    ],
    ids=["strategy", "servers", "twice"],
)
def test_runs_that_are_not_of_one_kind_are_refused(other: Recording, told: str) -> None:
    with pytest.raises(InputError, match=told):
        together([run(1, turns), other])


def test_what_a_witness_counted_is_added_and_unknown_where_one_count_is() -> None:
    one = replace(run(1, turns), witness_name="each server", witness=(Witness("a", 5, 5), Witness("b", 6, 6)))
    two = replace(
        run(2, turns), witness_name="each server", witness=(Witness("a", 7, 8, "late"), Witness("b", 1, None))
    )

    assert together([one, two]).witness == (Witness("a", 12, 13, "late"), Witness("b", 7, None))


def test_different_witnesses_are_left_out_and_that_is_told() -> None:
    one = replace(run(1, turns), witness_name="each server", witness=(Witness("a", 5, 5),))

    both = together([one, run(2, turns)])

    assert (both.witness_name, both.witness, both.notes) == ("", (), (OTHERS_ASKED,))
