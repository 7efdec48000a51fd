"""Charts of the page: the servers' shares, and the quantiles of the latencies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lbdemo.render import figures, svg
from lbdemo.render.axis import QUANTILES, Axis
from lbdemo.render.marks import mark
from lbdemo.words import percent

if TYPE_CHECKING:
    from lbdemo.render.figures import Record

ROOM = 1.06  # beyond the largest share of the report, so that its bar does not touch the edge


def share_scale(results: Iterable[Record]) -> float:
    """The share (0 to 1 and a bit) at the right edge of all share bars of a report: one scale, so they compare."""
    ends = [
        max(share["share"], share["high"], share["expected_share"] * 1.5)
        for result in results
        for share in result["verdict"]["shares"]
    ]
    return max(ends, default=1.0) * ROOM


def share_bar(share: Mapping[str, Any], tolerance: float, scale: float) -> str:
    """One server's share: the bar, its confidence interval, the fair share and the band that still counts as fair."""
    fair = share["expected_share"]
    low, high = fair * (1 - tolerance), fair * (1 + tolerance)
    parts = [
        svg.rect("band", low / scale, high / scale, 0, 26) if fair else "",
        svg.rect("bar", 0, share["share"] / scale, 6, 14),
        svg.line("whisker", share["low"] / scale, share["high"] / scale, 13),
        svg.upright("fair", fair / scale, 0, 26) if fair else "",
    ]
    said = f"{figures.printable(share['server'])}: {percent(share['share'])} of the calls"
    said += f", {percent(fair)} is fair" if fair else ", was not expected"
    return svg.chart("share", 26, said, "".join(parts))


def latency_row(latency: Mapping[str, Any], axis: Axis, name: str) -> str:
    """The quantiles of one result: a line from p50 to max, a mark each, and below each mark its interval."""
    at = {known: axis.place(latency[known]) for known in QUANTILES if latency[known] is not None}
    parts = [svg.upright("grid", place, 0, 28) for place, _ in axis.ticks]
    parts.append(svg.line("thin", at["p50"], at["max"], 10))
    parts.append(svg.line("thick", at["p50"], at.get("p99", at["p90"]), 10))
    parts += [_interval(latency, known, axis, 22) for known in at]
    parts += [mark(known, place, 10, bound=known in latency["at_least"]) for known, place in at.items()]
    values = ", ".join(f"{known} {figures.bounded(latency, known)}" for known in at)
    return svg.chart("latency", 28, f"latency of {name}: {values}", "".join(parts))


def _interval(latency: Mapping[str, Any], name: str, axis: Axis, height: int) -> str:
    """The interval of a quantile; one that is open has no end on the right."""
    interval = latency["intervals"].get(name)
    if not interval:
        return ""
    low, high = interval
    return svg.line(f"interval {name}", axis.place(low), 1 if high is None else axis.place(high), height)


def latency_scale(axis: Axis) -> str:
    """The labels under the rows of latencies."""
    ticks = axis.ticks
    step = -(-len(ticks) // 6)  # so many labels fit on a telephone
    labels = "".join(svg.text(words, place, 13, anchor(place)) for place, words in ticks[::step])
    return f'<svg class="chart scale" width="100%" height="18" aria-hidden="true">{labels}</svg>'


def anchor(place: float) -> str:
    """On which side of its place a label stands, so that it stays within the chart."""
    if place in (0, 1):
        return "end" if place else "start"
    return "middle"
