from __future__ import annotations

import re

import pytest
from reports import EVEN, PINNED, result

from lbdemo.measure import Outcome
from lbdemo.render import charts

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


def test_latencies_lie_between_powers_of_ten() -> None:
    records = [result(latency=0.0012).to_dict(), result(latency=0.201).to_dict()]

    assert charts.latency_axis(records) == (0, 3)


def test_one_latency_only_has_an_axis_too() -> None:
    assert charts.latency_axis([result(latency=0.001).to_dict()]) == (0, 1)
    assert charts.latency_axis([result(latency=0.0).to_dict()]) == (-3, -2)


def test_without_an_answer_there_is_no_axis() -> None:
    assert charts.latency_axis([result(counts={}).to_dict()]) is None


def test_a_quantile_stands_at_its_place_on_the_logarithmic_axis() -> None:
    latency = {"p50": 1.0, "p90": 10.0, "p99": 100.0, "max": 1000.0}

    svg = charts.latency_row(latency, (0, 3), "envoy")

    assert [attribute(f"mark {name}", "x", svg) for name in latency] == [0, 33.33, 66.67, 100]
    assert 'aria-label="latency of envoy: p50 1.00 ms, p90 10.0 ms, p99 100 ms, max 1.00 s"' in svg


@pytest.mark.parametrize(
    ("axis", "labels"),
    [
        ((-1, 3), ["100 µs", "1 ms", "10 ms", "100 ms", "1 s"]),
        ((4, 6), ["10 s", "1 min 40 s", "16 min 40 s"]),
        ((-3, 6), ["1 µs", "100 µs", "10 ms", "1 s", "1 min 40 s"]),
    ],
)
def test_the_axis_is_labelled_with_round_times(axis: tuple[float, float], labels: list[str]) -> None:
    assert re.findall(r"<text[^>]*>([^<]*)</text>", charts.latency_scale(axis)) == labels
