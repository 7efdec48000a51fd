"""The logarithmic axis of times: one for all charts of a report, so that they compare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TYPE_CHECKING

from lbdemo.words import duration

if TYPE_CHECKING:
    from lbdemo.render.figures import Record

QUANTILES = ("p50", "p90", "p99", "max")
SHORTEST = 1e-3
"""Milliseconds: nothing is drawn to the left of a microsecond."""


@dataclass(frozen=True, slots=True)
class Axis:
    """From `low` to `high`, powers of ten of milliseconds."""

    low: int
    high: int

    def place(self, milliseconds: float) -> float:
        """Where a time stands: 0 at the left end, 1 at the right one."""
        return (log10(max(milliseconds, SHORTEST)) - self.low) / (self.high - self.low)

    @property
    def ticks(self) -> Sequence[tuple[float, str]]:
        """The powers of ten: their places and their labels."""
        powers = range(self.low, self.high + 1)
        return [((power - self.low) / (self.high - self.low), _round(10.0**power / 1000)) for power in powers]


def axis_of(results: Iterable[Record]) -> Axis | None:
    """The powers of ten between which all latencies of a report lie; None when there are none."""
    values = [max(value, SHORTEST) for result in results for value in _latencies(result["summary"])]
    if not values:
        return None
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return Axis(low, max(high, low + 1))


def _latencies(summary: Record) -> Iterator[float]:
    latency = summary["latency_ms"]
    if not latency:
        return
    yield from (latency[name] for name in QUANTILES if latency[name] is not None)
    yield from (low for low, _ in filter(None, latency["intervals"].values()))
    if buckets := summary["histogram"]["buckets"]:
        yield summary["histogram"]["lowest_ms"] * summary["histogram"]["growth"] ** buckets[0][0]


def _round(seconds: float) -> str:
    """A power of ten: 1 ms and not 1.00 ms."""
    value, _, unit = duration(seconds).partition(" ")
    return f"{float(value):g} {unit}" if value.replace(".", "").isdigit() and " " not in unit else duration(seconds)
