from __future__ import annotations

import re
from math import log10
from typing import Any

import pytest
from reports import EVEN, PINNED, result

from lbdemo.measure import Outcome
from lbdemo.render import charts
from lbdemo.render.axis import QUANTILES, Axis

RECORDS = [result("a", PINNED, outcome=Outcome.PINNED).to_dict(), result("b", EVEN).to_dict()]


def share(server: str, part: float, fair: float = 1 / 3) -> dict[str, object]:
    return {"server": server, "calls": 10, "share": part, "low": part, "high": part, "expected_share": fair}


def attribute(kind: str, name: str, svg: str) -> float:
    found = re.search(rf'class="{kind}"[^>]* {name}="([\d.]+)%"', svg)
    assert found, svg
    return float(found[1])


def test_all_bars_of_a_report_share_one_scale_that_holds_the_longest() -> None:
    scale = charts.share_scale(RECORDS)

    assert scale > 1
    assert charts.share_scale(RECORDS[1:]) < 0.6


def test_a_bar_is_as_long_as_its_share_and_the_fair_line_stands_at_the_fair_share() -> None:
    svg = charts.share_bar(share("echo-1", 0.5), tolerance=0.2, scale=1.0)

    assert attribute("bar", "width", svg) == 50
    assert attribute("fair", "x1", svg) == pytest.approx(33.33)
    assert attribute("band", "x", svg) == pytest.approx(26.67)
    assert attribute("band", "width", svg) == pytest.approx(13.33)


def test_the_chart_has_its_figures_as_text_for_those_who_cannot_see_it() -> None:
    svg = charts.share_bar(share("echo-1", 0.5), tolerance=0.2, scale=1.0)

    assert 'role="img"' in svg
    assert 'aria-label="echo-1: 50.0 % of the calls, 33.3 % is fair"' in svg


def test_who_was_not_expected_has_no_fair_share() -> None:
    svg = charts.share_bar(share("stranger", 0.5, fair=0), tolerance=0.2, scale=1.0)

    assert 'class="fair"' not in svg
    assert "was not expected" in svg


def test_an_interval_and_a_server_that_nobody_expected_stand_where_their_shares_are() -> None:
    svg = charts.share_bar(share("echo-1", 0.5) | {"low": 0.4, "high": 0.6}, tolerance=0.2, scale=2.0)

    assert attribute("whisker", "x1", svg) == 20
    assert attribute("whisker", "x2", svg) == 30
    assert attribute("bar", "x", svg) == 0
    assert attribute("bar", "width", svg) == 25


def latency(**times: float | None) -> dict[str, Any]:
    told = {"p50": 1.0, "p90": 10.0, "p99": 100.0, "max": 1000.0, **times}
    return {**told, "intervals": {"p50": [0.9, 1.1], "p90": [9.0, 20.0], "p99": [50.0, None]}, "at_least": []}


def test_the_fair_share_and_its_band_stand_on_the_same_scale_as_the_bar() -> None:
    svg = charts.share_bar(share("echo-1", 0.5), tolerance=0.2, scale=2.0)

    assert attribute("fair", "x1", svg) == attribute("fair", "x2", svg) == pytest.approx(100 / 6, abs=0.01)
    assert attribute("band", "x", svg) == pytest.approx(100 / 6 * 0.8, abs=0.01)
    assert attribute("band", "width", svg) == pytest.approx(100 / 6 * 0.4, abs=0.01)


def test_what_is_drawn_of_a_share_fills_the_charts_height_and_stays_in_it() -> None:
    svg = charts.share_bar(share("echo-1", 0.5), tolerance=0.2, scale=1.0)

    height = re.search(r'<svg class="chart share" width="100%" height="(\d+)"', svg)
    assert height
    band, bar = re.findall(r' y="(\d+)" height="(\d+)"', svg)
    assert band == ("0", height[1])
    assert int(bar[0]) == int(height[1]) - int(bar[0]) - int(bar[1])  # as far from the top as from the bottom
    assert f'y1="0" y2="{height[1]}"' in svg
    assert 2 * int(re.findall(r'class="whisker"[^>]* y1="(\d+)"', svg)[0]) == int(height[1])


def test_a_quantile_stands_at_its_place_on_the_logarithmic_axis() -> None:
    svg = charts.latency_row(latency(), Axis(0, 3), "envoy")

    assert [attribute(f"mark {name}", "x", svg) for name in QUANTILES] == [0, 33.33, 66.67, 100]
    assert (attribute("thin", "x1", svg), attribute("thin", "x2", svg)) == (0, 100)
    assert (attribute("thick", "x1", svg), attribute("thick", "x2", svg)) == (0, 66.67)
    assert 'aria-label="latency of envoy: p50 1.00 ms, p90 10.0 ms, p99 100 ms, max 1.00 s"' in svg


def test_marks_stand_on_their_line_and_all_is_within_the_chart() -> None:
    svg = charts.latency_row(latency(), Axis(0, 3), "envoy")

    [height] = re.findall(r'<svg class="chart latency" width="100%" height="(\d+)"', svg)
    lines = set(re.findall(r'class="(?:thin|thick)"[^>]* y1="(\d+)" y2="(\d+)"', svg))
    marks = set(re.findall(r'class="mark \w+" x="[^"]*" y="(\d+)"', svg))
    assert len(lines) == len(marks) == 1
    assert {*lines.pop()} == marks
    assert max(int(y) for y in re.findall(r' y[12]?="(\d+)"', svg)) <= int(height) < 60


def test_an_interval_is_drawn_below_its_quantile_and_one_without_an_end_goes_on_to_the_edge() -> None:
    svg = charts.latency_row(latency(), Axis(-1, 3), "envoy")

    place = {at: round((log10(at) + 1) / 4 * 100, 2) for at in (9.0, 20.0, 50.0)}
    assert attribute("interval p90", "x1", svg) == place[9.0]
    assert attribute("interval p90", "x2", svg) == place[20.0]
    assert attribute("interval p99", "x1", svg) == place[50.0]
    assert attribute("interval p99", "x2", svg) == 100


def test_a_lower_bound_is_hollow_and_said_to_be_one() -> None:
    svg = charts.latency_row(latency() | {"at_least": ["max"]}, Axis(0, 3), "envoy")

    assert 'class="mark max bound"' in svg
    assert svg.count(" bound") == 1
    assert "max ≥ 1.00 s" in svg


def test_a_p99_of_few_calls_is_not_drawn() -> None:
    svg = charts.latency_row(latency(p99=None), Axis(0, 3), "envoy")

    assert "p99" not in svg.replace("interval p99", "")
    assert attribute("thick", "x2", svg) == 33.33


@pytest.mark.parametrize(
    ("axis", "labels"),
    [
        (Axis(-1, 3), ["100 µs", "1 ms", "10 ms", "100 ms", "1 s"]),
        (Axis(4, 6), ["10 s", "1 min 40 s", "16 min 40 s"]),
        (Axis(-3, 6), ["1 µs", "100 µs", "10 ms", "1 s", "1 min 40 s"]),
    ],
)
def test_the_axis_is_labelled_with_round_times(axis: Axis, labels: list[str]) -> None:
    assert re.findall(r"<text[^>]*>([^<]*)</text>", charts.latency_scale(axis)) == labels


def test_labels_stand_at_their_places_and_within_the_chart() -> None:
    svg = charts.latency_scale(Axis(-1, 3))

    assert re.findall(r'x="([\d.]+)%"[^>]*text-anchor="(\w+)"', svg) == [
        ("0.00", "start"), ("25.00", "middle"), ("50.00", "middle"), ("75.00", "middle"), ("100.00", "end"),
    ]  # fmt: skip
