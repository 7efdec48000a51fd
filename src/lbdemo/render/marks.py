"""A shape for each quantile: what colours tell, shapes tell, too."""

from __future__ import annotations

from lbdemo.render.svg import percent

SHAPES = {
    "p50": '<circle r="5"/>',
    "p90": '<rect x="-4.5" y="-4.5" width="9" height="9"/>',
    "p99": '<path d="M0-6.5 6.5 0 0 6.5-6.5 0z"/>',
    "max": '<path d="M-5.5 5 5.5 5 0-6z"/>',
    "failed": '<path d="M-4-4 4 4M-4 4 4-4"/>',
}
"""Each around its place, in pixels."""


def mark(name: str, at: float, height: float, *, bound: bool = False) -> str:
    """A mark at a part of the width; hollow where it is only a lower bound."""
    return _mark(f"{name}{' bound' if bound else ''}", SHAPES[name], percent(at), height)


def key(name: str, *, bound: bool = False) -> str:
    """A mark for a legend."""
    inside = _mark(f"{name}{' bound' if bound else ''}", SHAPES[name], "8", 8)
    return f'<svg class="key" width="16" height="16" aria-hidden="true">{inside}</svg>'


def _mark(kind: str, shape: str, x: str, y: float) -> str:
    return f'<svg class="mark {kind}" x="{x}" y="{y:g}" overflow="visible">{shape}</svg>'
