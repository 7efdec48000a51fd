"""Where the spans of a trace lie on one axis of time, although machines' clocks differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lbdemo.traces.role import Role, role
from lbdemo.traces.span import Span
from lbdemo.traces.trace import Trace

RESOLUTION = 1_000
"""Nanoseconds: Envoy tells times in microseconds, so that so much is no difference of clocks."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A span on the axis, from `begin` to `end`, in seconds after the axis begins; `own` is its own time.

    `moved` says that its own clock has it elsewhere: before its parent's begin, or after its end.
    """

    span: Span
    role: Role
    depth: int
    own: float
    begin: float
    end: float
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """The rows of a trace, in reading order, and how many `seconds` its axis is long."""

    rows: tuple[Placed, ...]
    seconds: float

    @property
    def heaviest(self) -> Placed:
        """The row with the most time of its own."""
        return max(self.rows, key=lambda row: row.own)

    @property
    def moved(self) -> bool:
        """Whether any row is not where its own clock has it."""
        return any(row.moved for row in self.rows)

    def below(self, row: Placed) -> tuple[Placed, ...]:
        """The rows right below one."""
        return tuple(each for each in self.rows if each.depth and each.span.parent == row.span.id)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a span was put (nanoseconds), and how far that is from where its own clock has it."""

    span: Span
    begin: int
    end: int
    shift: int

    @property
    def moved(self) -> bool:
        return max(abs(self.shift), self.span.end - self.span.begin - (self.end - self.begin)) > RESOLUTION


def placed(trace: Trace) -> Axis:
    """The spans of a trace on an axis, each within its parent."""
    places: dict[str, _Place] = {}
    for depth, span in zip(trace.depths, trace.spans, strict=True):
        places[span.id] = _within(span, places) if depth else _Place(span, span.begin, max(span.begin, span.end), 0)
    first = min(place.begin for place in places.values())
    rows = tuple(_row(depth, places[span.id], own, first) for depth, span, own in trace.rows())
    return Axis(rows, max(row.end for row in rows))


def _within(span: Span, places: Mapping[str, _Place]) -> _Place:
    """The span put where it fits into its parent; what a pod's clock is off, it is for all that the pod tells."""
    above = places[span.parent]
    shift = above.shift if span.pod == above.span.pod else 0
    long = min(max(0, span.end - span.begin), above.end - above.begin)
    begin = min(max(span.begin + shift, above.begin), above.end - long)
    return _Place(span, begin, begin + long, begin - span.begin)


def _row(depth: int, place: _Place, own: float, first: int) -> Placed:
    begin, end = ((moment - first) / 1e9 for moment in (place.begin, place.end))
    return Placed(place.span, role(place.span), depth, own, begin, end, place.moved)
