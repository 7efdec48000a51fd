from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

import pytest

from lbdemo.local.lesson import lesson, margin, on_tail
from lbdemo.measure import Expectation, Histogram, Outcome, judge
from lbdemo.records import Quantiles, Result, Sample, Tally
from lbdemo.words import duration

SLOW = "echo-3"
EVEN = {"echo-1": 700, "echo-2": 700, SLOW: 700}
TWO = {"echo-1": 924, "echo-2": 924, SLOW: 252}
UNEVEN = {"echo-1": 1045, "echo-2": 1045, SLOW: 10}


def act(name: str, counts: Mapping[str, int], outcome: Outcome = Outcome.BALANCED, lag: float = 0.0) -> Result:
    tally = Tally()
    for server, calls in counts.items():
        for _ in range(calls):
            tally.add(Sample(0, 0.0, lag, lag + (0.2 if server == SLOW else 0.001), server, "OK"))
    summary = tally.summary()
    return Result(name, name, summary, judge(summary.counts, Expectation(outcome, servers=tuple(EVEN))))


def histogram_of(latency: float) -> float:
    """What a histogram makes of it, within 1 %."""
    histogram = Histogram()
    for seconds in (0.0, latency, latency, 1.0):
        histogram.add(seconds)
    return histogram.quantile(0.5)


def lessons(two: Mapping[str, int], scan: Mapping[str, int] = UNEVEN) -> tuple[Result, ...]:
    acts = (
        act("slow-rr", EVEN),
        act("slow-lr-two", two, Outcome.UNBALANCED),
        act("slow-lr-scan", scan, Outcome.UNBALANCED),
    )
    return lesson(acts, SLOW)


def test_even_is_not_the_same_as_good() -> None:
    slow = duration(histogram_of(0.2))

    even, *_ = lessons(TWO)

    [told] = even.notes
    assert told == (
        "Even is not the same as good: echo-3 takes 200 ms longer and still gets 33.3 % of the calls, "
        f"so p90 is {slow} and p99 {slow}."
    )


def test_two_choices_help_by_a_margin_and_not_in_the_slowest_tenth() -> None:
    slow = duration(histogram_of(0.2))

    _, two, _ = lessons(TWO)

    how, gain, tail = two.notes
    assert how == (
        "Each request goes to the less busy of two servers drawn at random, at times the same one twice, "
        "so echo-3 got 252 of 2,100 calls (12.0 %)."
    )
    assert gain == "It helps: 17.2 to 25.4 points fewer than with round robin (33.3 %)."
    assert tail == f"The slowest tenth of the calls is no better for it: p90 is {slow}, with round robin {slow}."
    assert two.promises_kept


def test_a_full_scan_helps_there_too() -> None:
    slow = duration(histogram_of(0.2))

    *_, scan = lessons(TWO)

    how, _, tail = scan.notes
    assert how == (
        "Each request goes to the server with the fewest in flight of all, so echo-3 got 10 of 2,100 calls (0.5 %)."
    )
    assert tail == f"The slowest tenth of the calls is better for it, too: p90 is 1.00 ms, with round robin {slow}."


def test_207_ms_instead_of_219_ms_is_no_better() -> None:
    before, after = Quantiles(0.002, 0.219, 0.25, 0.3), Quantiles(0.002, 0.207, 0.25, 0.3)

    assert on_tail(before, after).startswith("The slowest tenth of the calls is no better for it")
    assert on_tail(after, before).startswith("The slowest tenth of the calls is no better for it")
    assert on_tail(after, replace(before, p90=0.4)).startswith("The slowest tenth of the calls is worse for it")


def test_where_the_client_was_late_the_slowest_tenth_is_not_compared() -> None:
    acts = (act("slow-rr", EVEN, lag=0.08), act("slow-lr-two", TWO, Outcome.UNBALANCED))

    even, two = lesson(acts, SLOW)

    assert two.notes[2] == "The client was too late to compare the slowest tenth of the calls."
    assert even.notes[0].endswith("still gets 33.3 % of the calls.")
    assert two.promises_kept


def test_a_client_that_is_late_by_a_little_hides_no_lesson() -> None:
    acts = (act("slow-rr", EVEN, lag=0.004), act("slow-lr-two", TWO, Outcome.UNBALANCED, lag=0.004))

    _, two = lesson(acts, SLOW)

    assert two.notes[2].startswith("The slowest tenth of the calls is no better for it: p90 is ")


def test_it_does_not_praise_what_did_not_help() -> None:
    _, two, _ = lessons(EVEN)

    assert two.notes[1] == "It does not help beyond chance: -4.8 to 4.8 points fewer than with round robin (33.3 %)."
    assert not two.promises_kept


def test_a_difference_within_chance_does_not_help_and_one_beyond_does() -> None:
    assert not margin((33, 100), (20, 100)).helps
    assert margin((330, 1000), (200, 1000)).helps
    assert not margin((200, 1000), (330, 1000)).helps
    assert not margin((0, 0), (5, 10)).helps


@pytest.mark.parametrize(("first", "second"), [(1 / 3, 0.12), (0.5, 0.5), (0.1, 0.01)])
def test_the_margin_holds_the_true_difference_as_often_as_it_says(first: float, second: float) -> None:
    dice = random.Random(7)
    calls, runs = 300, 400

    held = 0
    for _ in range(runs):
        even, uneven = (sum(dice.random() < share for _ in range(calls)) for share in (first, second))
        found = margin((even, calls), (uneven, calls))
        held += found.low <= first - second <= found.high

    assert held >= runs * 0.99  # 99.9 % is promised


def test_without_answers_there_is_nothing_to_compare() -> None:
    _, two, _ = lessons({})

    assert len(two.notes) == 1
    assert not two.promises_kept


def test_a_promise_that_was_broken_already_stays_broken() -> None:
    broken = replace(act("slow-lr-two", TWO, Outcome.UNBALANCED), promises_kept=False)

    _, two = lesson((act("slow-rr", EVEN), broken), SLOW)

    assert not two.promises_kept


def test_without_the_drill_there_is_no_lesson() -> None:
    story = (act("envoy", EVEN),)

    assert lesson(story, SLOW) == story
