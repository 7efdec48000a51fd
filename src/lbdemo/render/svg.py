"""Pieces of SVG: along a chart lengths are parts of its width, so that it fits any; across they are pixels."""

from __future__ import annotations

from html import escape


def chart(kind: str, height: int, said: str, inside: str) -> str:
    """A chart as wide as there is room; `said` is what it shows, for who cannot see it."""
    size = f'width="100%" height="{height}"'
    return f'<svg class="chart {kind}" {size} role="img" aria-label="{escape(said)}">{inside}</svg>'


def rect(kind: str, start: float, end: float, top: float, height: float) -> str:
    """A rectangle from one part of the width to another."""
    box = f'x="{percent(start)}" width="{percent(end - start)}" y="{top:g}" height="{height:g}"'
    return f'<rect class="{kind}" {box}/>'


def line(kind: str, start: float, end: float, height: float) -> str:
    """A line along the chart."""
    return f'<line class="{kind}" x1="{percent(start)}" x2="{percent(end)}" y1="{height:g}" y2="{height:g}"/>'


def upright(kind: str, at: float, top: float, bottom: float) -> str:
    """A line across the chart."""
    return f'<line class="{kind}" x1="{percent(at)}" x2="{percent(at)}" y1="{top:g}" y2="{bottom:g}"/>'


def text(words: str, at: float, bottom: float, anchor: str = "start") -> str:
    """Words at a place."""
    return f'<text x="{percent(at)}" y="{bottom:g}" text-anchor="{anchor}">{escape(words)}</text>'


def percent(part: float) -> str:
    """A part of the width, kept within it."""
    return f"{min(1.0, max(0.0, part)) * 100:.2f}%"
