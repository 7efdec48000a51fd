"""What a drill reads off the calls: exact figures from calls made up for it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from lbdemo.cluster.trial.drills import figures
from lbdemo.cluster.trial.drills.figures import CALLS_A_SERVER
from lbdemo.records import Sample

EVEN = CALLS_A_SERVER  # calls for one server in a window of two that is just even
LEAST, MOST = 36, 84  # 60 calls give or take 40 %


def calls(servers: Sequence[str], begin: float = 100.0, step: float = 0.5, code: str = "OK") -> list[Sample]:
    """One call after another, `step` seconds apart, answered by these servers at once."""
    return [Sample(n, begin + n * step, begin + n * step, 0.0, name, code) for n, name in enumerate(servers)]


def turns(*names: str, times: int) -> list[str]:
    return [*names] * times


def test_what_failed_is_counted_whoever_answered() -> None:
    broken = calls(["", "a"], code="UNAVAILABLE")

    assert figures.failed([*calls(["a", "b", "c"]), *broken]) == 2
    assert figures.failed([]) == 0


def test_the_first_answer_is_timed_from_the_mark() -> None:
    assert figures.first_answer(calls(["a", "b", "new", "new"]), {"new", "newer"}, mark=99.0) == 2.0


@pytest.mark.parametrize(
    "samples", [[], calls(["a", "b"]), calls(["new", "new"], code="UNAVAILABLE")], ids=["no call", "others", "errors"]
)
def test_a_server_that_never_answered_well_has_no_first_answer(samples: list[Sample]) -> None:
    assert figures.first_answer(samples, {"new"}, mark=99.0) is None


def test_an_error_of_a_new_server_is_not_its_first_answer() -> None:
    samples = [*calls(["new"], code="UNAVAILABLE"), *calls(["new"], begin=103.0)]

    assert figures.first_answer(samples, {"new"}, mark=100.0) == 3.0


def test_calls_in_turn_are_even_from_the_first_one() -> None:
    assert figures.even_again(calls(turns("a", "b", times=EVEN)), {"a", "b"}, mark=98.0) == 2.0


@pytest.mark.parametrize(("late", "even"), [(6, 0.0), (7, 3.5)])
def test_a_server_that_comes_in_after_three_turns_takes_part_from_then_on(late: int, even: float) -> None:
    samples = calls(["a"] * late + turns("b", "a", times=EVEN))

    assert figures.even_again(samples, {"a", "b"}, mark=100.0) == even


@pytest.mark.parametrize("fewer", [LEAST, CALLS_A_SERVER, MOST])
def test_a_window_just_within_the_limit_is_even(fewer: int) -> None:
    samples = calls(["a"] * fewer + ["b"] * (2 * EVEN - fewer))

    assert figures.even_again(samples, {"a", "b"}, mark=100.0) == fewer * 0.5, "b's first answer"


@pytest.mark.parametrize("fewer", [LEAST - 1, MOST + 1, 0])
def test_a_window_just_beyond_the_limit_is_not_even(fewer: int) -> None:
    samples = calls(["a"] * fewer + ["b"] * (2 * EVEN - fewer))

    assert figures.even_again(samples, {"a", "b"}, mark=100.0) is None


def test_answers_before_the_window_do_not_count() -> None:
    """b answered at once, then 200 times a; in the first even window b answers as its second server at call 202."""
    samples = calls(["b", *["a"] * 200, *turns("a", "b", times=EVEN)], step=1.0)

    assert figures.even_again(samples, {"a", "b"}, mark=100.0) == 202.0


def test_a_window_moves_on_by_its_first_call() -> None:
    """85 and 35 of 120 calls; one further, where the first a is left and a b has come, 84 and 36."""
    samples = calls(["a", "a", "b", *["a"] * 83, *["b"] * 34, "b"])

    assert figures.even_again(samples, {"a", "b"}, mark=100.0) == 0.5


def test_one_call_less_than_a_window_cannot_be_even() -> None:
    assert figures.even_again(calls(turns("a", "b", times=EVEN)[:-1]), {"a", "b"}, mark=100.0) is None


def test_failed_calls_take_no_part_in_evenness() -> None:
    errors = calls(["b"] * 500, code="UNAVAILABLE")
    good = calls(turns("a", "b", times=EVEN), begin=400.0)

    assert figures.even_again([*errors, *good], {"a", "b"}, mark=100.0) == 300.0


@pytest.mark.parametrize("silent", [{"a", "b", "new"}, {"new"}], ids=["one of three", "the only one"])
def test_without_a_server_that_should_take_part_nothing_is_even(silent: set[str]) -> None:
    assert figures.even_again(calls(turns("a", "b", times=3 * EVEN)), silent, mark=100.0) is None


def test_a_window_that_began_before_the_mark_is_even_at_once() -> None:
    assert figures.even_again(calls(turns("a", "b", times=EVEN)), {"a", "b"}, mark=107.0) == 0.0


def test_a_gap_lies_between_the_ends_of_two_good_answers() -> None:
    """By when answers came, not by when calls were sent: a call that hangs for 4 s is a gap of 4 s."""
    samples = [Sample(0, 10.0, 10.0, 0.5, "a", "OK"), Sample(1, 11.0, 11.0, 4.0, "a", "OK")]

    assert figures.longest_gap(samples) == 4.5


def test_an_error_does_not_end_a_gap() -> None:
    samples = [*calls(["a"]), *calls(["a"] * 5, begin=101.0, code="UNAVAILABLE"), *calls(["b"], begin=107.0)]

    assert figures.longest_gap(samples) == 7.0


def test_a_late_answer_to_an_early_call_opens_no_gap() -> None:
    """The first call's answer comes last; sorted by answers there are never more than 2 s without one."""
    samples = [Sample(0, 10.0, 10.0, 6.0, "a", "OK"), *calls(["b", "b"], begin=12.0, step=2.0)]

    assert figures.longest_gap(samples) == 2.0


def test_the_longest_of_several_gaps_counts() -> None:
    times = [100.0, 101.0, 104.0, 106.0]

    assert figures.longest_gap([sample for t in times for sample in calls(["a"], begin=t)]) == 3.0


@pytest.mark.parametrize("samples", [[], calls(["a"])], ids=["no call", "one at once"])
def test_without_any_waiting_there_is_no_gap(samples: list[Sample]) -> None:
    assert figures.longest_gap(samples) == 0.0


def test_an_outage_counts_from_the_first_call_and_to_the_end_of_the_last() -> None:
    down = calls([""] * 11, begin=100.0, step=1.0, code="UNAVAILABLE")

    assert figures.longest_gap(down) == 10.0
    assert figures.longest_gap([*down, *calls(["a"] * 3, begin=112.0)]) == 12.0
    assert figures.longest_gap([*calls(["a"] * 3, begin=97.0), *down]) == 12.0
    assert figures.longest_gap([Sample(0, 100.0, 100.0, 5.0, "", "DEADLINE_EXCEEDED")]) == 5.0


def test_trouble_lasts_as_long_as_calls_fail_or_the_victim_answers() -> None:
    well = calls(["b"] * 3, begin=110.0)
    errors = calls([""] * 2, begin=104.0, code="UNAVAILABLE")  # the last at 104.5
    late = calls(["victim"], begin=107.0)

    assert figures.last_trouble(well, "victim", mark=100.0) == 0.0
    assert figures.last_trouble([*errors, *well], "victim", mark=100.0) == 4.5
    assert figures.last_trouble([*errors, *late, *well], "victim", mark=100.0) == 7.0
    assert figures.last_trouble([], "victim", mark=100.0) == 0.0


def test_the_busiest_server_is_the_one_with_most_good_answers() -> None:
    assert figures.busiest([*calls(["a", "b", "b"]), *calls(["a"] * 5, code="UNAVAILABLE")]) == "b"


@pytest.mark.parametrize("samples", [[], calls(["a"], code="UNAVAILABLE")])
def test_without_a_good_answer_nobody_is_busiest(samples: list[Sample]) -> None:
    assert figures.busiest(samples) == ""
