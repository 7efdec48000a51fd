from __future__ import annotations

from math import ceil

import pytest
from echo_server import administered

from lbdemo.echo.peer import set_faults
from lbdemo.local.acts import DRILLS, STORY
from lbdemo.local.options import DemoOptions
from lbdemo.local.pace import (
    ACT_SECONDS,
    CALM,
    EXACT_PART,
    HURRY,
    PROBE_LOOPS,
    WARM_UP,
    Calls,
    Pace,
    choose,
    median_call,
    probe,
    rate_of,
)
from lbdemo.measure import Expectation, Outcome, judge, plan_calls
from lbdemo.records import Sample, Tally


@pytest.mark.parametrize("limit", [3000.0, 6000.0])
def test_the_pace_is_well_below_what_the_machine_holds_and_an_act_stays_short(limit: float) -> None:
    pace = choose(DemoOptions(), limit)

    assert pace.rate == pytest.approx(limit * CALM)
    assert pace.calls / pace.rate <= ACT_SECONDS * 1.01


def test_a_busy_machine_is_hurried_a_little_and_never_beyond() -> None:
    pace = choose(DemoOptions(), limit=600.0)

    assert pace.rate == 600 * HURRY
    assert pace.calm == 600 * CALM


def test_a_machine_that_hardly_answers_still_gets_some_calls() -> None:
    assert choose(DemoOptions(), limit=0.0).rate == 20
    assert choose(DemoOptions(servers=5, drill="slow"), limit=0.0).calm == 50


def test_a_fast_machine_makes_no_more_calls_than_were_planned() -> None:
    assert choose(DemoOptions(), limit=90_000.0).calls == plan_calls(3)


def test_what_was_told_stands() -> None:
    assert choose(DemoOptions(calls=50), limit=3000.0).calls == 50
    assert choose(DemoOptions(rate=42), limit=0.0) == Pace(42, 42, ceil(EXACT_PART * plan_calls(3)))
    assert choose(DemoOptions(rate=1700), limit=0.0).calls == plan_calls(3)


@pytest.mark.parametrize("servers", range(2, 11))
def test_the_fewest_calls_still_prove_an_exact_round_robin(servers: int) -> None:
    names = tuple(f"echo-{number}" for number in range(servers))
    tally = Tally()
    for seq in range(choose(DemoOptions(servers), limit=10.0).calls):
        tally.add(Sample(seq, seq * 0.01, seq * 0.01, 0.001, names[seq % servers], "OK"))

    verdict = judge(tally.summary().counts, Expectation(servers=names, fingerprint="round robin"))

    assert verdict.outcome is Outcome.BALANCED
    assert verdict.as_expected


def test_drills_go_calmly_and_the_story_at_its_rate() -> None:
    pace = Pace(rate=600, calm=400, calls=900, limit=1200)

    assert {pace.of(act) for act in STORY} == {600}
    assert {pace.of(act) for act in DRILLS["slow"]} == {400}


def test_the_pace_is_said_with_what_the_machine_holds() -> None:
    slow = DRILLS["slow"]

    assert Pace(600, 500, 900, 1800).told(STORY) == (
        "this machine holds 1,800 calls/s just now: each act makes 900 calls, 600 a second"
    )
    assert Pace(600, 500, 900).told(STORY + slow) == "each act makes 900 calls, 600 or 500 a second"


def test_the_first_calls_do_not_count_in_the_rate() -> None:
    slow = [0.1 * number for number in range(WARM_UP)]
    fast = [slow[-1] + 0.01 * number for number in range(1, 101)]

    assert rate_of(slow + fast) == pytest.approx(100)
    assert rate_of(slow) == 0
    assert rate_of([]) == 0


def test_a_closed_loop_finds_the_pace_of_a_real_server_whatever_holds_it_up() -> None:
    with administered("--name", "echo-1", "--drain", "0") as (_, address, admin):
        free = probe(Calls(address, policy="pick_first"))
        set_faults(admin, 100)
        held_up = probe(Calls(address, policy="pick_first"))

    assert 0 < held_up <= PROBE_LOOPS / 0.1 * 1.05
    assert free > held_up


def test_the_median_call_is_timed_from_when_it_was_sent() -> None:
    with administered("--drain", "0") as (_, address, admin):
        free = median_call(Calls(address, policy="pick_first"), rate=400.0)
        set_faults(admin, 50)
        slow = median_call(Calls(address, policy="pick_first"), rate=400.0)

    assert free < slow
    assert slow >= 0.05
