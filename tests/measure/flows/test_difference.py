"""From looks at counters to flows, and what is left out of them."""

from __future__ import annotations

import pytest

from lbdemo.errors import InputError
from lbdemo.measure.flows import Cause, Dropped, Look, Reading, difference


def look(at: float, endpoints: tuple[str, ...] = (), error: float = 0.0, **counts: int) -> Look:
    """A look at the counters of the caller c, and at `other_a` of another one."""
    readings = [
        Reading("other" if name.startswith("other_") else "c", name.removeprefix("other_"), count)
        for name, count in counts.items()
    ]
    return Look(at, tuple(readings), error, endpoints)


def test_what_counters_grew_by_flowed() -> None:
    (flow,) = difference([look(0, a=100, b=7), look(1, a=110, b=9), look(3, a=115, b=19)])

    assert flow.endpoints == ("a", "b")
    assert flow.rows == ((10, 2), (5, 10))
    assert (flow.seconds, flow.calls, flow.totals) == (3, 27, {"a": 15, "b": 12})


def test_each_caller_has_a_flow() -> None:
    flows = difference([look(0, a=0, other_a=5), look(1, a=1, other_a=7)])

    assert [(flow.caller, flow.rows) for flow in flows] == [("c", ((1,),)), ("other", ((2,),))]


def test_an_interval_in_which_a_counter_fell_is_dropped_and_told() -> None:
    (flow,) = difference([look(0, a=90, b=90), look(1, a=95, b=95), look(2, a=2, b=99), look(3, a=7, b=104)])

    assert flow.rows == ((5, 5), (5, 5))
    assert flow.seconds == 2
    assert flow.dropped == (Dropped(1, 2, Cause.RESTARTED, ("a",)),)


def test_an_interval_in_which_an_endpoint_came_is_dropped_and_told() -> None:
    (flow,) = difference(
        [look(0, a=0, b=0), look(1, a=90, b=90), look(2, a=99, b=99, new=4), look(3, a=99, b=99, new=9)]
    )

    assert flow.endpoints == ("a", "b")
    assert flow.dropped == (Dropped(1, 2, Cause.CHANGED, ("new",)), Dropped(2, 3, Cause.OTHERS, ("new",)))
    assert flow.passing == ("new",)


def test_the_endpoints_with_most_calls_are_kept() -> None:
    (flow,) = difference([look(0, old=0), look(1, old=2), look(2, old=3, a=9), look(3, old=4, a=20), look(4, a=30)])

    assert flow.endpoints == ("a", "old")
    assert flow.rows == ((11, 1),)


def test_an_endpoint_that_is_replaced_takes_its_interval_with_it() -> None:
    (flow,) = difference([look(0, a=0, b=0), look(1, a=9, b=9), look(2, a=20, c=2)])

    assert [dropped.endpoints for dropped in flow.dropped] == [("b", "c")]


def test_a_caller_that_servers_do_not_name_made_no_calls() -> None:
    servers = ("a", "b")

    flows = difference([look(0, servers, a=5), look(1, servers, a=6, other_b=3)])

    assert {flow.caller: flow.rows for flow in flows} == {"c": ((1, 0),), "other": ((0, 3),)}


def test_a_caller_that_was_not_seen_for_a_while_is_not_taken_for_quiet() -> None:
    flows = difference([look(0, a=1, other_a=1), look(1, other_a=5), look(2, a=9, other_a=6)])

    assert {flow.caller: flow.rows for flow in flows} == {"c": ((8,),), "other": ((4,), (1,))}


def test_a_caller_that_came_later_is_counted_from_then_on() -> None:
    flows = difference([look(0, a=1), look(1, a=2, other_a=500), look(2, a=3, other_a=501)])

    assert [flow.rows for flow in flows if flow.caller == "other"] == [((1,),)]


def test_the_least_exact_look_says_how_exact_a_flow_is() -> None:
    (flow,) = difference([look(0, a=1), look(1, error=0.1, a=2)])

    assert flow.error == 0.1


@pytest.mark.parametrize("looks", [[look(0, a=1)], [], [look(1, a=1), look(1, a=2)], [look(2, a=1), look(1, a=2)]])
def test_looks_that_cannot_be_told_apart_are_refused(looks: list[Look]) -> None:
    with pytest.raises(InputError, match="look"):
        difference(looks)


def test_a_counter_is_never_below_zero_nor_there_twice_nor_worse_than_10_percent() -> None:
    with pytest.raises(InputError, match="never below 0"):
        look(0, a=-1)
    with pytest.raises(InputError, match="read twice"):
        Look(0, (Reading("c", "a", 1), Reading("c", "a", 2)))
    with pytest.raises(InputError, match="a source's error"):
        look(0, error=0.2, a=1)
