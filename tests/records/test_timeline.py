"""What happened when, in cells of a second or more."""

from __future__ import annotations

from itertools import pairwise

from lbdemo.records.timeline import MAX_CELLS, Timeline


def line(seconds: int, *, failing: int = -1) -> Timeline:
    """Four calls a second, those of one second failing."""
    timeline = Timeline()
    for second in range(seconds):
        code, latency = ("UNAVAILABLE", 0.5) if second == failing else ("OK", 0.01)
        timeline.add([1e9 + second] * 4, [code] * 4, [latency] * 4)
    return timeline


def test_a_second_in_which_calls_failed_stands_out() -> None:
    moments = line(10, failing=3).moments()

    assert [moment.at for moment in moments] == [float(second) for second in range(10)]
    assert [moment.failed for moment in moments] == [0, 0, 0, 4, 0, 0, 0, 0, 0, 0]
    assert moments[3].max == 0.5


def test_a_long_run_has_wider_cells_that_say_where_they_begin() -> None:
    timeline = line(4 * MAX_CELLS)

    moments = timeline.moments()

    assert timeline.seconds in {4, 8}
    assert len(moments) <= MAX_CELLS
    assert sum(moment.calls for moment in moments) == 16 * MAX_CELLS
    assert {after.at - before.at for before, after in pairwise(moments)} == {timeline.seconds}
