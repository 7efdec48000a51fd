from __future__ import annotations

import re
from typing import Any

import pytest
from reports import result, stalled

from lbdemo.render import curves, figures
from lbdemo.render.axis import Axis

AXIS = Axis(-1, 4)


def summary(**further: Any) -> Any:
    return stalled(**further).to_dict()["summary"]


def plain(**further: Any) -> Any:
    return result(**further).to_dict()["summary"]


def moments(svg: str) -> list[dict[str, tuple[float, float]]]:
    """The marks of each moment: where they stand, in percent of the width and in pixels."""
    return [
        {kind: (float(x), float(y)) for kind, x, y in re.findall(r'class="mark (\w+)" x="([\d.]+)%" y="([\d.]+)"', one)}
        for one in re.findall(r"<g>.*?</g>", svg)
    ]


def test_a_stall_at_second_3_stands_out_at_second_3() -> None:
    found = moments(curves.timeline(summary(deadline=5.0), AXIS))

    heights = [moment["max"][1] for moment in found]
    assert [moment["max"][0] for moment in found] == [10, 30, 50, 70, 90]
    assert heights.index(min(heights)) == 3
    field = curves.BOTTOM - curves.TOP
    assert heights[3] == pytest.approx(curves.TOP + field * (1 - AXIS.place(1001.0)), abs=1)  # the slowest: 1 s
    assert all(height > heights[3] + field / 5 for number, height in enumerate(heights) if number != 3)


def test_a_median_stands_at_its_height() -> None:
    [one] = moments(curves.timeline(plain(latency=0.01), Axis(0, 2)))

    assert one["p50"] == (50, (curves.TOP + curves.BOTTOM) / 2)


def test_seconds_in_which_calls_failed_are_marked_and_only_those() -> None:
    found = moments(curves.timeline(summary(), AXIS))

    assert ["failed" in moment for moment in found] == [False, False, False, True, False]


def test_a_moment_tells_its_figures() -> None:
    svg = curves.timeline(summary(), AXIS)

    assert re.search(r"<title>3 s: 200 calls, 1\d\d failed, p50 497 ms, max 500 ms</title>", svg)
    assert re.findall(r"<text[^>]*>([^<]* s)</text>", svg)[-6:] == ["0 s", "1 s", "2 s", "3 s", "4 s", "5 s"]


def test_seconds_are_labelled_where_they_begin() -> None:
    svg = curves.timeline(summary(), AXIS)

    labels = re.findall(r'<text x="([\d.]+)%" y="157" text-anchor="(\w+)">(\d) s<', svg)
    assert [(float(x), text) for x, _, text in labels] == [(20 * n, str(n)) for n in range(6)]
    assert [side for _, side, _ in labels] == ["start", *["middle"] * 4, "end"]


def test_in_words_the_time_line_says_when_the_slowest_call_was_due() -> None:
    assert figures.over_time(summary(deadline=5.0)) == ("over 5.00 s: the slowest call (1.00 s) was due from 3 to 4 s")
    assert figures.over_time(summary()).endswith("was due from 3 to 4 s; 101 calls failed")
    assert figures.over_time(plain(counts={})) == ""


def test_each_step_of_the_distribution_ends_where_its_bucket_does_at_the_part_up_to_it() -> None:
    histogram = {"lowest_ms": 1.0, "growth": 10.0, "buckets": [[0, 5], [1, 4], [2, 1]], "deadline": []}

    places, parts = zip(*curves.steps(histogram, Axis(0, 4)), strict=True)

    assert places == pytest.approx((0.25, 0.5, 0.75))
    assert parts == pytest.approx((0.5, 0.9, 1.0))


def test_the_curve_climbs_as_high_as_its_nines() -> None:
    shown = summary(deadline=5.0) | {
        "sent": 5000,
        "histogram": {"lowest_ms": 1.0, "growth": 10.0, "buckets": [[0, 4500], [1, 500]], "deadline": []},
    }

    svg = curves.distribution(shown, Axis(0, 4))

    assert 'd="M250 1000H250V750H500V0"' in svg  # 5,000 calls have four nines: 90 % is a quarter of that


def test_quantiles_stand_on_the_distribution_with_their_intervals_through_them() -> None:
    shown = summary(deadline=5.0)

    svg = curves.distribution(shown, AXIS)

    latency = shown["latency_ms"]
    for name in ("p50", "p90", "p99"):
        place = re.search(rf'class="mark {name}" x="([\d.]+)%"', svg)
        assert place
        assert float(place[1]) == pytest.approx(AXIS.place(latency[name]) * 100, abs=0.01)
        low, high = latency["intervals"][name]
        ends = f'x1="{AXIS.place(low) * 100:.2f}%" x2="{AXIS.place(high) * 100:.2f}%"'
        assert f'<line class="interval" {ends}' in svg
    assert re.findall(r"<text[^>]*>([\d.]+ %)</text>", svg) == ["50 %", "90 %", "99 %", "99.9 %"]


def test_parts_of_the_calls_stand_at_their_nines_with_their_quantiles_on_the_same_line() -> None:
    shown = summary(deadline=5.0) | {"sent": 500_000}

    svg = curves.distribution(shown, AXIS)

    marks = [float(re.findall(rf'class="mark {name}"[^>]* y="([\d.]+)"', svg)[0]) for name in ("p50", "p90", "p99")]
    rules = [float(y) for y in re.findall(r'<line class="grid" x1="0.00%" x2="100.00%" y1="([\d.]+)"', svg)]
    field, nines = curves.BOTTOM - curves.TOP, 6  # of 500,000 calls all but half a call: six nines
    heights = [curves.BOTTOM - field * part / nines for part in (0.30103, 1, 2, 3)]
    assert rules == pytest.approx([*heights, curves.BOTTOM], abs=0.01)
    assert marks == pytest.approx(heights[:3], abs=0.01)


@pytest.mark.parametrize("draw", [curves.timeline, curves.distribution])
def test_all_labels_stand_within_the_chart_and_below_its_field_along_the_axis(draw: Any) -> None:
    svg = draw(summary(), AXIS)

    heights = [float(y) for y in re.findall(r'<text x="[^"]*" y="([\d.]+)"', svg)]
    assert max(heights) <= curves.HEIGHT
    assert sum(height > curves.BOTTOM for height in heights) == 6
    marks = [float(y) for y in re.findall(r'class="mark [^"]*" x="[^"]*" y="([\d.]+)"', svg)]
    assert 0 <= min(marks) <= max(marks) <= curves.BOTTOM


def test_failed_calls_are_marked_above_the_field() -> None:
    svg = curves.timeline(summary(), AXIS)

    [height] = re.findall(r'class="mark failed"[^>]* y="([\d.]+)"', svg)
    assert 0 < float(height) < curves.TOP


def test_what_the_deadline_ended_is_a_lower_bound_there_too() -> None:
    svg = curves.distribution(summary(), AXIS)

    assert 'class="mark p99 bound"' in svg
    assert 'class="mark p50"' in svg
    assert "p99 ≥ 497 ms" in svg


def test_without_calls_there_is_nothing_to_draw() -> None:
    empty = plain(counts={})

    assert curves.timeline(empty, AXIS) == ""
    assert curves.distribution(empty, AXIS) == ""
