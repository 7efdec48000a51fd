"""Quantiles of durations, with what is known of each: an interval, or only a lower bound."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, inf, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

from lbdemo.measure.histogram import CALLS_FOR_P99, RELATIVE_ERROR
from lbdemo.measure.intervals import log10_at_most

if TYPE_CHECKING:
    from lbdemo.measure.histogram import Histogram

CONFIDENCE = 0.95
_EXACT_UP_TO = 400.0  # the variance q (1 - q) n of a rank, up to which it is not taken as normal

Interval = tuple[float, float | None]


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Durations in seconds; `max` is exact, the others within 1 %. `p99` is None with fewer than 500 calls.

    Each interval has a confidence of 95 %, by order statistics; its end is None where no call was slow enough to
    bound it. The quantiles in `at_least` fall among calls that their deadline ended: they are lower bounds.
    """

    p50: float
    p90: float
    p99: float | None
    max: float
    calls: int = 0
    p50_interval: Interval | None = None
    p90_interval: Interval | None = None
    p99_interval: Interval | None = None
    at_least: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """All in milliseconds, ready for JSON."""
        return {
            "p50": milliseconds(self.p50),
            "p90": milliseconds(self.p90),
            "p99": None if self.p99 is None else milliseconds(self.p99),
            "max": milliseconds(self.max),
            "calls": self.calls,
            "intervals": {
                "p50": _told(self.p50_interval),
                "p90": _told(self.p90_interval),
                "p99": _told(self.p99_interval),
            },
            "at_least": list(self.at_least),
        }

    def interval(self, name: str) -> Interval | None:
        """The interval of p50, p90 or p99."""
        return {"p50": self.p50_interval, "p90": self.p90_interval, "p99": self.p99_interval}[name]


def quantiles(histogram: Histogram, censored_from: float = inf) -> Quantiles | None:
    """What the histogram says; None when nothing was counted.

    `censored_from` is the shortest (in seconds) of the durations in it that are lower bounds.
    """
    if not histogram.count:
        return None
    values = {"p50": histogram.quantile(0.5), "p90": histogram.quantile(0.9), "max": histogram.max}
    enough = histogram.count >= CALLS_FOR_P99
    if enough:
        values["p99"] = histogram.quantile(0.99)
    bound = censored_from * (1 - 2 * RELATIVE_ERROR)  # what a quantile tells may be so much less than what was added
    return Quantiles(
        p50=values["p50"],
        p90=values["p90"],
        p99=values.get("p99"),
        max=values["max"],
        calls=histogram.count,
        p50_interval=_interval(histogram, 0.5),
        p90_interval=_interval(histogram, 0.9),
        p99_interval=_interval(histogram, 0.99) if enough else None,
        at_least=tuple(name for name in ("p50", "p90", "p99", "max") if values.get(name, -inf) >= bound),
    )


def _interval(histogram: Histogram, q: float) -> Interval:
    low, high = ranks(histogram.count, q)
    return histogram.ranked(low), None if high > histogram.count else histogram.ranked(high)


@lru_cache(maxsize=1024)
def ranks(calls: int, q: float) -> tuple[int, int]:
    """The ranks between which the quantile `q` lies with a probability of 95 %; the second may be `calls` + 1.

    How many calls lie below a quantile is binomial: H. A. David and H. N. Nagaraja, Order Statistics, 2003, 7.1.
    """
    tail, variance = (1 - CONFIDENCE) / 2, q * (1 - q) * calls
    if variance > _EXACT_UP_TO:
        half = -NormalDist().inv_cdf(tail) * sqrt(variance)
        return max(1, floor(q * calls - half)), min(calls + 1, ceil(q * calls + half) + 1)
    return max(1, _most(calls, q, tail)), calls + 1 - _most(calls, 1 - q, tail)


def _most(calls: int, q: float, tail: float) -> int:
    """The largest rank r with P(fewer than r calls below the quantile) <= tail; 0 when there is none."""
    low, high = 0, calls
    while low < high:
        middle = (low + high + 1) // 2
        if 10 ** log10_at_most(middle - 1, calls, q) <= tail:
            low = middle
        else:
            high = middle - 1
    return low


def milliseconds(seconds: float) -> float:
    """The same in milliseconds, rounded to a tenth of a microsecond."""
    return round(seconds * 1000, 4)


def _told(interval: Interval | None) -> list[float | None] | None:
    if interval is None:
        return None
    low, high = interval
    return [milliseconds(low), None if high is None else milliseconds(high)]
