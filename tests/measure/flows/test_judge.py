"""What flows come to: facts, one by one. How often the judge errs is in test_simulation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lbdemo.measure import Expectation, Outcome, Reason
from lbdemo.measure.flows import Cause, Dropped, Flow, FlowsVerdict, FlowVerdict, judge_flows

EVEN = ((40, 40, 40),) * 12


def flow(caller: str = "c", rows: tuple[tuple[int, ...], ...] = EVEN, seconds: float = 12.0) -> Flow:
    names = tuple("abcdefghij"[: len(rows[0])])
    return Flow(caller, names, rows, tuple(range(1, len(rows) + 1)), seconds)


def codes(verdict: FlowVerdict) -> list[str]:
    return [reason.code for reason in verdict.verdict.reasons]


def found(verdict: FlowVerdict, code: str) -> Reason:
    return next(reason for reason in verdict.verdict.reasons if reason.code == code)


def judged(*flows: Flow, tolerance: float = 0.2, servers: tuple[str, ...] = ()) -> FlowsVerdict:
    return judge_flows(flows, Expectation(tolerance=tolerance, servers=servers))


def test_even_flows_are_balanced_each_and_together() -> None:
    verdict = judged(flow("one"), flow("two"))

    assert verdict.outcome is Outcome.BALANCED
    assert [(each.caller, each.verdict.outcome) for each in verdict.callers] == [
        ("one", Outcome.BALANCED),
        ("two", Outcome.BALANCED),
    ]


def test_one_caller_is_the_whole() -> None:
    verdict = judged(flow("one"))

    assert verdict.whole == replace(verdict.callers[0], caller="")


def test_callers_that_keep_to_one_endpoint_each_are_pinned_whatever_the_total() -> None:
    verdict = judged(*(flow(name, (tuple(row),) * 12) for name, row in {"x": [9, 0], "y": [0, 9]}.items()))

    assert verdict.outcome is Outcome.PINNED
    assert codes(verdict.whole)[0] == "pinned_callers"


def test_a_trickle_that_is_spread_does_not_hide_that_all_others_are_pinned() -> None:
    trickle = flow("trickle", ((1, 1, 1),) * 12)

    verdict = judged(trickle, *(flow(f"c{n}", (tuple(500 * (n == at) for at in range(3)),) * 12) for n in range(3)))

    assert (verdict.whole.verdict.pinned_connections, verdict.outcome) == (0, Outcome.PINNED)
    assert codes(verdict.whole)[0] == "pinned_callers"


def test_one_uneven_caller_of_many_makes_the_whole_unbalanced() -> None:
    uneven = flow("odd", ((80, 20, 20),) * 12)

    verdict = judged(uneven, *(flow(f"even{n}", ((500, 500, 500),) * 12) for n in range(9)))

    assert verdict.outcome is Outcome.BALANCED, "1 % of the calls are stragglers"
    verdict = judged(uneven, *(flow(f"even{n}") for n in range(9)))
    assert verdict.outcome is Outcome.UNBALANCED
    assert found(verdict.whole, "uneven_callers").figures["callers"] == {"odd": "UNBALANCED"}


def test_an_overruled_total_makes_no_promise_of_its_own() -> None:
    verdict = judged(*(flow(name, ((n * 90, (1 - n) * 90),) * 12) for n, name in enumerate("xy"))).whole

    assert (verdict.verdict.as_expected, verdict.verdict.undecided, verdict.watch) == (False, False, None)


def test_two_looks_do_not_say_how_much_a_total_may_vary() -> None:
    verdict = judged(flow(rows=((4000, 4000, 4000),), seconds=1))

    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert found(verdict.whole, "variance_unknown").figures == {"intervals": 1, "wanted": 8}


def test_two_looks_are_enough_to_say_pinned() -> None:
    assert judged(flow(rows=((4000, 0, 0),), seconds=1)).outcome is Outcome.PINNED


def test_one_burst_is_no_sample_of_time() -> None:
    burst = ((3000, 3000, 3000), *((1, 1, 1),) * 11)

    assert codes(judged(flow(rows=burst)).whole)[0] == "variance_unknown"


def test_too_quiet_says_how_long_to_watch() -> None:
    verdict = judged(flow(rows=((4, 3, 3),) * 12, seconds=12)).whole

    wanted = found(verdict, "too_quiet").figures["wanted"]
    assert isinstance(wanted, int)
    assert 2000 < wanted < 3000
    assert verdict.watch == pytest.approx(wanted / 10)
    assert found(verdict, "watch_on").figures == {"calls": wanted, "seconds": verdict.watch}


def test_as_long_a_watch_as_advised_is_enough() -> None:
    quiet = judged(flow(rows=((4, 3, 3),) * 12, seconds=12)).whole
    assert quiet.watch is not None

    seconds = round(quiet.watch)
    watched = judged(flow(rows=((seconds * 4, seconds * 3, seconds * 3),) * 12, seconds=seconds * 12.0), tolerance=0.3)

    assert watched.outcome is Outcome.BALANCED


def test_a_caller_without_calls_is_no_pinned_one_and_no_time_is_promised() -> None:
    verdict = judged(flow(rows=((0, 0, 0),) * 12))

    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert codes(verdict.whole)[0] == "too_quiet"
    assert verdict.whole.watch is None


def test_what_was_dropped_is_told_with_its_cause_and_endpoints() -> None:
    restarted = replace(flow(), dropped=(Dropped(3, 4, Cause.RESTARTED, ("b",)),))

    reason = found(judged(restarted).whole, "intervals_left_out")

    assert reason.figures == {"intervals": 1, "of": 13, "restarted": ["b"], "changed": [], "others": []}


def test_an_expected_server_without_a_counter_is_silent() -> None:
    verdict = judged(flow(), servers=("a", "b", "c", "d"))

    assert verdict.outcome is Outcome.UNBALANCED
    assert found(verdict.whole, "silent").figures == {"servers": ["d"]}


def test_an_expected_server_that_only_passed_has_no_part() -> None:
    passed = replace(flow(), passing=("d",), dropped=(Dropped(12, 13, Cause.CHANGED, ("d",)),))

    assert judged(passed, servers=("a", "b", "c", "d")).outcome is Outcome.BALANCED


def test_weights_can_be_promised_of_flows() -> None:
    canary = Expectation(servers=("a", "b"), weights=(("a", 80), ("b", 20)))

    assert judge_flows([flow(rows=((320, 80),) * 12)], canary).outcome is Outcome.BALANCED
    assert judge_flows([flow(rows=((200, 200),) * 12)], canary).outcome is Outcome.UNBALANCED


def counted_within_10_percent(pods: int, tolerance: float, even: int = 3000) -> FlowVerdict:
    exact = flow(rows=((even,) * pods,) * 12)
    return judged(replace(exact, error=0.1), tolerance=tolerance).whole


def test_counts_within_10_percent_prove_a_tolerance_of_half() -> None:
    verdict = counted_within_10_percent(3, tolerance=0.5)

    assert verdict.verdict.outcome is Outcome.BALANCED
    assert found(verdict, "source_error").figures == {"error": 0.1}


def test_counts_within_10_percent_never_prove_20_percent_of_ten_pods() -> None:
    verdict = counted_within_10_percent(10, tolerance=0.2, even=3000)

    assert verdict.verdict.outcome is Outcome.INCONCLUSIVE
    figures = found(verdict, "source_too_coarse").figures
    assert figures == {"error": 0.1, "tolerance": 0.2, "servers": 10, "provable": 0.6}
    assert verdict.watch is None


def test_a_share_that_the_error_may_explain_is_no_accusation() -> None:
    rows = ((3100, 2150, 2150),) * 12  # 0.419 where 0.4 is the limit

    assert judged(flow(rows=rows)).outcome is Outcome.UNBALANCED
    assert judged(replace(flow(rows=rows), error=0.05)).outcome is Outcome.INCONCLUSIVE
