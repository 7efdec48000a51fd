from __future__ import annotations

import pytest

from lbdemo.errors import InputError
from lbdemo.local.options import DemoOptions


def test_the_story_has_three_acts_and_the_drill_three_more() -> None:
    assert [act.name for act in DemoOptions().acts] == ["tcp-proxy", "envoy", "client-side"]
    assert [act.name for act in DemoOptions(drill="slow").acts][3:] == ["slow-rr", "slow-lr-two", "slow-lr-scan"]


def test_with_tls_there_is_one_act_more_after_the_one_that_it_compares_with() -> None:
    acts = DemoOptions(tls=True, drill="slow").acts

    assert [act.name for act in acts[2:4]] == ["client-side", "client-side-tls"]
    assert [act.name for act in acts if act.tls] == ["client-side-tls"]


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
