"""What each hop of a request costs, and where the time of the slowest one went.

All of it is from durations: those of one span are by one clock, while two machines' clocks differ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from lbdemo.measure.histogram import CALLS_FOR_P99, Histogram
from lbdemo.traces.role import Role, role
from lbdemo.traces.span import Span
from lbdemo.traces.trace import Trace


@dataclass(frozen=True, slots=True)
class Hop:
    """What the spans of one role took beyond those below them, in seconds: the network to the next is in it.

    `p99` is None where `calls`, the number of the spans, are too few. `share` is the part of all traces' time.
    """

    role: Role
    calls: int
    p50: float
    p99: float | None
    longest: float
    share: float


@dataclass(frozen=True, slots=True)
class Slowest:
    """The trace that took longest, and of it the span that had the most time of its `own`, in seconds."""

    trace: Trace
    span: Span
    own: float

    @property
    def share(self) -> float:
        """The part of the trace's time."""
        return min(1.0, self.own / self.trace.seconds) if self.trace.seconds else 0.0


def hops(traces: Sequence[Trace]) -> tuple[Hop, ...]:
    """Each role's cost, in the order in which a request meets them."""
    own: dict[Role, list[float]] = defaultdict(list)
    for trace in traces:
        for _, span, seconds in trace.rows():
            own[role(span)].append(seconds)
    whole = sum(map(sum, own.values()))
    order = [each for each in Role if each in own]
    return tuple(_hop(each, own[each], whole) for each in order)


def slowest(traces: Sequence[Trace]) -> Slowest | None:
    """The slowest of them; None for none."""
    if not traces:
        return None
    trace = max(traces, key=lambda each: each.seconds)
    _, span, own = max(trace.rows(), key=lambda row: row[2])
    return Slowest(trace, span, own)


def _hop(whose: Role, own: Sequence[float], whole: float) -> Hop:
    found = Histogram()
    found.add_all(own)
    p99 = found.quantile(0.99) if found.count >= CALLS_FOR_P99 else None
    share = sum(own) / whole if whole else 0.0
    return Hop(whose, found.count, found.quantile(0.5), p99, found.max, share)
