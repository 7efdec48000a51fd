from dataclasses import replace

import pytest
from traced import MILLISECOND, called, meshed

from lbdemo.traces import Span, Trace, joined
from lbdemo.traces.placed import Axis, placed


def off(pod: str, milliseconds: float, spans: list[Span]) -> Trace:
    """The call, where one pod's clock is off."""
    by = round(milliseconds * MILLISECOND)
    told = [replace(each, begin=each.begin + by, end=each.end + by) if each.pod == pod else each for each in spans]
    return joined(told)[0]


def places(axis: Axis) -> list[tuple[float, float]]:
    return [(round(row.begin * 1000, 3), round(row.end * 1000, 3)) for row in axis.rows]


def test_spans_lie_where_their_clocks_have_them() -> None:
    axis = placed(joined(meshed(0, "a"))[0])

    assert places(axis) == [(0, 10), (1, 9), (2, 8), (2.5, 7.5), (3, 7)]
    assert (axis.seconds, axis.moved) == (0.01, False)


@pytest.mark.parametrize(
    ("off_by", "begin"),
    [(-100, 2.0), (+100, 3.0)],  # the pod's sidecar takes 5 ms within the 6 of the client's
)
def test_what_another_clock_tells_is_put_into_its_parent_and_marked(off_by: float, begin: float) -> None:
    axis = placed(off("a", off_by, meshed(0, "a")))

    assert places(axis)[3:] == [(begin, begin + 5), (begin + 0.5, begin + 4.5)]
    assert [row.moved for row in axis.rows] == [False, False, False, True, True]


def test_what_is_longer_than_its_parent_is_cut_and_marked() -> None:
    call = called(0, "a")
    call[2] = replace(call[2], end=call[2].end + 50 * MILLISECOND)

    axis = placed(joined(call)[0])

    assert places(axis)[2] == (1, 9)
    assert axis.rows[2].moved
    assert axis.rows[2].span.seconds == pytest.approx(0.054)


def test_a_microsecond_is_no_difference_of_clocks() -> None:
    call = called(0, "a")
    call[1] = replace(call[1], begin=call[0].begin - 1000)

    assert not placed(joined(call)[0]).moved


def test_where_a_part_is_missing_the_axis_holds_what_there_is() -> None:
    first, _, last = called(0, "a")

    axis = placed(joined([first, last])[0])

    assert places(axis) == [(0, 10), (3, 7)]


def test_a_span_in_a_circle_has_a_place_as_well() -> None:
    one, two, three = called(0, "a")

    assert len(placed(joined([replace(one, parent=three.id), two, three])[0]).rows) == 3


def test_the_heaviest_row_is_by_own_time() -> None:
    call = called(0, "a")
    call[2] = replace(call[2], end=call[2].end + MILLISECOND)

    assert placed(joined(call)[0]).heaviest.span.pod == "a"
