from __future__ import annotations

from collections.abc import Mapping

from lbdemo.local.lesson import lesson
from lbdemo.measure import Expectation, Histogram, Outcome, judge
from lbdemo.records import Result, Sample, Tally
from lbdemo.words import duration

SLOW = "echo-3"
EVEN = {"echo-1": 700, "echo-2": 700, SLOW: 700}
UNEVEN = {"echo-1": 1045, "echo-2": 1045, SLOW: 10}


def act(name: str, counts: Mapping[str, int], outcome: Outcome = Outcome.BALANCED) -> Result:
    tally = Tally()
    for server, calls in counts.items():
        for _ in range(calls):
            tally.add(Sample(0, 0.0, 0.0, 0.2 if server == SLOW else 0.001, server, "OK"))
    summary = tally.summary()
    return Result(name, name, summary, judge(summary, Expectation(outcome, servers=tuple(EVEN))))


def histogram_of(latency: float) -> float:
    """What a histogram makes of it, within 1 %."""
    histogram = Histogram()
    for seconds in (0.0, latency, latency, 1.0):
        histogram.add(seconds)
    return histogram.quantile(0.5)


def test_the_drill_is_explained_in_the_figures_that_were_measured() -> None:
    slow = duration(histogram_of(0.2))

    even, uneven = lesson((act("slow-rr", EVEN), act("slow-lr", UNEVEN, Outcome.UNBALANCED)), SLOW)

    [told] = even.notes
    assert told == (
        "Even is not the same as good: echo-3 takes 200 ms longer and still gets 33.3 % of the calls, "
        f"so p90 is {slow} and p99 {slow}."
    )
    assert uneven.promises_kept
    how, what = uneven.notes
    assert how == (
        "Envoy sends each request to the server with the fewest in flight, so echo-3 got 10 of 2,100 calls (0.5 %)."
    )
    assert what == (
        "Uneven on purpose, and better for it: p90 is 1.00 ms and p99 1.00 ms. "
        f"(With round robin p90 is {slow} and p99 {slow}.)"
    )


def test_a_p99_that_is_the_slow_servers_own_is_told_as_such() -> None:
    a_few = {"echo-1": 1030, "echo-2": 1030, SLOW: 40}

    _, uneven = lesson((act("slow-rr", EVEN), act("slow-lr", a_few, Outcome.UNBALANCED)), SLOW)

    assert uneven.notes[1].startswith("Uneven on purpose, and better for it: p90 is 1.00 ms")
    assert uneven.notes[1].endswith("Its p99 is echo-3's own: it still gets a few.")


def test_it_does_not_praise_what_did_not_help() -> None:
    _, uneven = lesson((act("slow-rr", EVEN), act("slow-lr", EVEN)), SLOW)

    assert uneven.notes[1].startswith("It did not help here: p90 is ")
    assert not uneven.promises_kept


def test_without_answers_there_is_nothing_to_compare() -> None:
    _, uneven = lesson((act("slow-rr", EVEN), act("slow-lr", {})), SLOW)

    assert len(uneven.notes) == 1


def test_without_the_drill_there_is_no_lesson() -> None:
    story = (act("envoy", EVEN),)

    assert lesson(story, SLOW) == story
