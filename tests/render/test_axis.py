from __future__ import annotations

import pytest
from reports import result, stalled

from lbdemo.render.axis import Axis, axis_of


def test_all_latencies_of_a_report_lie_on_one_axis_between_powers_of_ten() -> None:
    records = [result(latency=0.0012).to_dict(), result(latency=0.201).to_dict()]

    assert axis_of(records) == Axis(0, 3)
    assert axis_of(records[:1]) == Axis(0, 1)
    assert axis_of([stalled(deadline=5.0).to_dict()]) == Axis(-1, 1 + 3)


def test_one_latency_only_has_an_axis_too() -> None:
    assert axis_of([result(latency=0.001).to_dict()]) == Axis(-1, 0)
    assert axis_of([result(latency=0.0).to_dict()]) == Axis(-3, -2)


def test_without_a_latency_there_is_no_axis() -> None:
    assert axis_of([]) is None
    assert axis_of([result(counts={}).to_dict()]) is None


@pytest.mark.parametrize(("milliseconds", "place"), [(0.1, 0.0), (1.0, 0.25), (10.0, 0.5), (1000.0, 1.0)])
def test_a_time_stands_at_its_logarithm(milliseconds: float, place: float) -> None:
    assert Axis(-1, 3).place(milliseconds) == pytest.approx(place)


def test_nothing_is_shorter_than_a_microsecond() -> None:
    assert Axis(-3, 1).place(0.0) == 0


def test_ticks_are_the_powers_of_ten() -> None:
    assert Axis(0, 2).ticks == [(0.0, "1 ms"), (0.5, "10 ms"), (1.0, "100 ms")]
