"""Spans in memory, bounded: the oldest traces go first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock

from lbdemo.traces.span import Span
from lbdemo.traces.trace import Trace, joined

MAX_SPANS = 100_000
"""About 100 MB of them."""


class Store:
    """Takes spans in any order, from any thread. `received` and `dropped` are counts of spans since the begin."""

    def __init__(self, most: int = MAX_SPANS) -> None:
        self._traces: OrderedDict[str, list[Span]] = OrderedDict()
        self._most, self._kept, self._lock = most, 0, Lock()
        self.received = 0
        self.dropped = 0

    def add(self, spans: Iterable[Span]) -> None:
        """Keeps them; what is too much goes, whole traces, the oldest first."""
        with self._lock:
            for span in spans:
                self._traces.setdefault(span.trace, []).append(span)
                self.received += 1
                self._kept += 1
            while self._kept > self._most:
                _, gone = self._traces.popitem(last=False)
                self._kept -= len(gone)
                self.dropped += len(gone)

    def spans(self, begin: int = 0, end: int = 0) -> list[Span]:
        """All spans of traces that began between two times, in nanoseconds since 1970 (0: no bound), as they came."""
        with self._lock:
            traces = [list(spans) for spans in self._traces.values()]
        return [span for spans in traces if _within(spans, begin, end) for span in spans]

    def of(self, trace: str) -> list[Span]:
        """The spans of one trace; none when it is not known, or not any more."""
        with self._lock:
            return list(self._traces.get(trace, ()))

    def traces(self) -> tuple[Trace, ...]:
        """All of them, joined."""
        return joined(self.spans())


def _within(spans: list[Span], begin: int, end: int) -> bool:
    first = min(span.begin for span in spans)
    return begin <= first and (not end or first <= end)
