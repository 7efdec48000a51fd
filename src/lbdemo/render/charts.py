"""Charts of the page: SVG whose lengths are percentages, so that it fits any width while its text keeps its size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any

from lbdemo.render import figures
from lbdemo.words import duration

if TYPE_CHECKING:
    from lbdemo.render.figures import Record

QUANTILES = ("p50", "p90", "p99", "max")
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
    parts = [_rect("band", low, high, scale, 0, 26) if fair else "", _rect("bar", 0, share["share"], scale, 6, 14)]
    parts.append(_line("whisker", share["low"], share["high"], scale, 13))
    parts.append(_upright("fair", fair, scale, 0, 26) if fair else "")
    said = f"{figures.printable(share['server'])}: {figures.share_text(share['share'])} of the calls"
    said += f", {figures.share_text(fair)} is fair" if fair else ", was not expected"
    return _svg("share", 26, said, "".join(parts))


def latency_axis(results: Iterable[Record]) -> tuple[float, float] | None:
    """The powers of ten (of milliseconds) between which all latencies of a report lie; None when there are none."""
    values = [
        result["summary"]["latency_ms"][name]
        for result in results
        if result["summary"]["latency_ms"]
        for name in QUANTILES
        if result["summary"]["latency_ms"][name] is not None
    ]
    values = [max(value, 1e-3) for value in values]
    if not values:
        return None
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return float(low), float(max(high, low + 1))


def latency_row(latency: Mapping[str, Any], axis: tuple[float, float], name: str) -> str:
    """The quantiles of one result on a logarithmic axis: a line from p50 to max, thick up to p99, a mark each."""
    at = {known: _position(latency[known], axis) for known in QUANTILES if latency[known] is not None}
    parts = [_upright("grid", position, 1, 0, 24) for position, _ in _ticks(axis)]
    parts.append(_line("thin", at["p50"], at["max"], 1, 12))
    parts.append(_line("thick", at["p50"], at.get("p99", at["p90"]), 1, 12))
    parts += [mark(quantile, _percent(at[quantile]), "12") for quantile in at]
    values = ", ".join(f"{quantile} {figures.span(latency[quantile])}" for quantile in at)
    return _svg("latency", 24, f"latency of {name}: {values}", "".join(parts))


SHAPES = {
    "p50": '<circle r="5"/>',
    "p90": '<rect x="-4.5" y="-4.5" width="9" height="9"/>',
    "p99": '<path d="M0-6.5 6.5 0 0 6.5-6.5 0z"/>',
    "max": '<path d="M-5.5 5 5.5 5 0-6z"/>',
}
"""A shape for each quantile, around its place: what colours tell, shapes tell, too."""


def mark(quantile: str, x: str, y: str) -> str:
    """A quantile's mark at a place."""
    return f'<svg class="mark {quantile}" x="{x}" y="{y}" overflow="visible">{SHAPES[quantile]}</svg>'


def key(quantile: str) -> str:
    """A quantile's mark, for a legend."""
    return f'<svg class="key" width="16" height="16" aria-hidden="true">{mark(quantile, "8", "8")}</svg>'


def latency_scale(axis: tuple[float, float]) -> str:
    """The labels under the rows of latencies."""
    ticks = _ticks(axis)
    step = -(-len(ticks) // 6)  # so many labels fit on a telephone
    labels = "".join(_label(position, text, ticks) for position, text in ticks[::step])
    return f'<svg class="chart scale" width="100%" height="18" aria-hidden="true">{labels}</svg>'


def _ticks(axis: tuple[float, float]) -> Sequence[tuple[float, str]]:
    low, high = axis
    powers = range(int(low), int(high) + 1)
    return [((power - low) / (high - low), _short(10.0**power / 1000)) for power in powers]


def _short(seconds: float) -> str:
    """A power of ten: 1 ms and not 1.00 ms."""
    value, _, unit = duration(seconds).partition(" ")
    return f"{float(value):g} {unit}" if value.replace(".", "").isdigit() and " " not in unit else duration(seconds)


def _label(position: float, text: str, ticks: Sequence[tuple[float, str]]) -> str:
    anchor = "start" if position == ticks[0][0] else "end" if position == ticks[-1][0] else "middle"
    return f'<text x="{_percent(position)}" y="13" text-anchor="{anchor}">{escape(text)}</text>'


def _position(milliseconds: float, axis: tuple[float, float]) -> float:
    low, high = axis
    return (log10(max(milliseconds, 1e-3)) - low) / (high - low)


def _svg(kind: str, height: int, said: str, inside: str) -> str:
    size = f'width="100%" height="{height}"'
    return f'<svg class="chart {kind}" {size} role="img" aria-label="{escape(said)}">{inside}</svg>'


def _rect(kind: str, start: float, end: float, scale: float, top: int, height: int) -> str:
    left, width = _percent(start / scale), _percent((end - start) / scale)
    return f'<rect class="{kind}" x="{left}" width="{width}" y="{top}" height="{height}"/>'


def _line(kind: str, start: float, end: float, scale: float, height: int) -> str:
    left, right = _percent(start / scale), _percent(end / scale)
    return f'<line class="{kind}" x1="{left}" x2="{right}" y1="{height}" y2="{height}"/>'


def _upright(kind: str, at: float, scale: float, top: int, bottom: int) -> str:
    x = _percent(at / scale)
    return f'<line class="{kind}" x1="{x}" x2="{x}" y1="{top}" y2="{bottom}"/>'


def _percent(part: float) -> str:
    return f"{min(1.0, max(0.0, part)) * 100:.2f}%"
