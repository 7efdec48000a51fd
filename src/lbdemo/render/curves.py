"""What happened when, and how the latencies are distributed: one chart each for a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from math import log10
from typing import TYPE_CHECKING, Any

from lbdemo.render import figures, svg
from lbdemo.render.axis import Axis
from lbdemo.render.charts import anchor
from lbdemo.render.marks import mark
from lbdemo.words import count, number

if TYPE_CHECKING:
    from lbdemo.render.figures import Record

HEIGHT, TOP, BOTTOM = 160, 16, 140
"""Pixels: of a chart, and where its field begins and ends; below stand the labels."""

FIELD = 1000
"""The curve is drawn in a field of so many units, which is stretched to the chart."""

QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
MOST_LABELS = 6


def timeline(summary: Record, axis: Axis) -> str:
    """The calls by when they were due: from the median up to the slowest of each moment, and where calls failed."""
    moments, wide = summary["timeline"]["cells"], summary["timeline"]["seconds_per_cell"]
    if not moments:
        return ""
    end = moments[-1]["at_s"] + wide
    parts = [_rule(1 - place, words) for place, words in axis.ticks]
    parts += [_moment(moment, (moment["at_s"] + wide / 2) / end, axis) for moment in moments]
    parts += _seconds(end, wide)
    return svg.chart("time", HEIGHT, figures.over_time(summary), "".join(parts))


def _moment(moment: Mapping[str, Any], at: float, axis: Axis) -> str:
    """One moment; its figures are told when it is pointed at."""
    low, high = (_height(1 - axis.place(moment[name])) for name in ("p50_ms", "max_ms"))
    said = f"{moment['at_s']:g} s: {count(moment['calls'], 'call')}, {number(moment['failed'])} failed"
    said += f", p50 {figures.span(moment['p50_ms'])}, max {figures.span(moment['max_ms'])}"
    parts = [svg.upright("span", at, high, low), mark("p50", at, low), mark("max", at, high)]
    parts += [mark("failed", at, TOP - 4)] if moment["failed"] else []
    return f"<g><title>{said}</title>{''.join(parts)}</g>"


def _seconds(end: float, wide: float) -> list[str]:
    """The labels along the time: whole cells, not too many."""
    cells = round(end / wide)
    step = -(-cells // MOST_LABELS)
    return [
        svg.text(f"{cell * wide:g} s", cell / cells, HEIGHT - 3, anchor(cell / cells))
        for cell in range(0, cells + 1, step)
    ]


def distribution(summary: Record, axis: Axis) -> str:
    """Which part of the calls took no longer: the upper end is stretched, as the tail is what counts."""
    histogram, latency = summary["histogram"], summary["latency_ms"]
    if not histogram["buckets"] or not latency:
        return ""
    levels = max(2.0, _nines(1 - 1 / (2 * summary["sent"])))
    parts = [_rule(1 - _nines(q) / levels, f"{q * 100:g} %") for q in (0.5, 0.9, 0.99, 0.999) if _nines(q) <= levels]
    parts += [svg.upright("grid", place, TOP, BOTTOM) for place, _ in axis.ticks]
    parts.append(svg.line("grid", 0, 1, BOTTOM))
    parts.append(_curve(steps(histogram, axis), levels))
    for name, q in QUANTILES.items():
        if latency[name] is not None:
            parts.append(_quantile(latency, name, axis, _height(1 - _nines(q) / levels)))
    ticks = axis.ticks[:: -(-len(axis.ticks) // MOST_LABELS)]
    parts += [svg.text(words, place, HEIGHT - 3, anchor(place)) for place, words in ticks]
    known = [name for name in QUANTILES if latency[name] is not None]
    said = ", ".join(f"{name} {figures.with_interval(latency, name)}" for name in known)
    return svg.chart("spread", HEIGHT, f"distribution of the latency: {said}", "".join(parts))


def steps(histogram: Mapping[str, Any], axis: Axis) -> list[tuple[float, float]]:
    """The end of each bucket (a place on the axis) with the part of all calls up to it."""
    buckets: Sequence[tuple[int, int]] = histogram["buckets"]
    total = sum(calls for _, calls in buckets)
    ends = (histogram["lowest_ms"] * histogram["growth"] ** (index + 1) for index, _ in buckets)
    parts = (seen / total for seen in accumulate(calls for _, calls in buckets))
    return [(min(1.0, max(0.0, axis.place(end))), part) for end, part in zip(ends, parts, strict=True)]


def _curve(points: Sequence[tuple[float, float]], levels: float) -> str:
    """A staircase through the points."""
    path = [f"M{points[0][0] * FIELD:.0f} {FIELD}"]
    for place, part in points:
        path.append(f"H{place * FIELD:.0f}V{(1 - min(1.0, _nines(part) / levels)) * FIELD:.0f}")
    size = f'y="{TOP}" width="100%" height="{BOTTOM - TOP}" viewBox="0 0 {FIELD} {FIELD}"'
    drawn = f'<path class="curve" vector-effect="non-scaling-stroke" d="{"".join(path)}"/>'
    return f'<svg class="field" {size} preserveAspectRatio="none" overflow="visible">{drawn}</svg>'


def _quantile(latency: Mapping[str, Any], name: str, axis: Axis, height: float) -> str:
    """A quantile's mark, with its interval through it."""
    low, high = latency["intervals"][name] or (latency[name], latency[name])
    interval = svg.line("interval", axis.place(low), 1 if high is None else axis.place(high), height)
    return interval + mark(name, axis.place(latency[name]), height, bound=name in latency["at_least"])


def _nines(part: float) -> float:
    """How many nines a part of the calls has: 0.9 has one, 0.99 two."""
    return float("inf") if part >= 1 else -log10(1 - part)


def _height(part: float) -> float:
    """Pixels from the top, for a part of the field's height."""
    return TOP + min(1.0, max(0.0, part)) * (BOTTOM - TOP)


def _rule(part: float, words: str) -> str:
    """A line along the field at a part of its height, with its label."""
    height = _height(part)
    return svg.line("grid", 0, 1, height) + svg.text(words, 0, height - 2)
