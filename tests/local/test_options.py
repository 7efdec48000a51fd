from __future__ import annotations

import pytest

from lbdemo.errors import InputError
from lbdemo.local.options import FAST, GENTLE, DemoOptions
from lbdemo.measure import plan_calls


def test_the_story_has_three_acts_and_the_drill_two_more() -> None:
    assert [act.name for act in DemoOptions().acts] == ["tcp-proxy", "envoy", "client-side"]
    assert [act.name for act in DemoOptions(drill="slow").acts][3:] == ["slow-rr", "slow-lr"]


@pytest.mark.parametrize("servers", [2, 3, 10])
def test_as_many_calls_as_the_planner_says_or_as_told(servers: int) -> None:
    assert DemoOptions(servers).planned == plan_calls(servers)
    assert DemoOptions(servers, calls=50).planned == 50


def test_the_pace_is_what_two_cores_keep_or_what_was_told() -> None:
    chosen = DemoOptions(drill="slow")

    assert [chosen.pace(act) for act in chosen.acts] == [FAST] * 3 + [GENTLE] * 2
    assert {DemoOptions(10).pace(act) for act in chosen.acts} == {GENTLE}
    assert {DemoOptions(rate=42).pace(act) for act in chosen.acts} == {42}


def test_an_unknown_drill_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match="no drill 'fast'") as caught:
        DemoOptions(drill="fast")

    assert "slow" in caught.value.hint


def test_a_rate_at_which_the_slow_server_is_always_idle_is_refused() -> None:
    with pytest.raises(InputError, match="too low for a drill with 5 servers"):
        DemoOptions(servers=5, rate=49, drill="slow")

    assert DemoOptions(servers=5, rate=50, drill="slow").rate == 50
    assert DemoOptions(servers=5, rate=1).rate == 1


def test_two_servers_are_too_few_for_the_drill() -> None:
    with pytest.raises(InputError, match="at least 3 servers"):
        DemoOptions(servers=2, drill="slow")
