"""Durations in logarithmic buckets: constant memory, quantiles within 1 %."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from math import ceil, floor, inf, isfinite, log2
from operator import add, sub
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LOWEST = 1e-6
HIGHEST = 600.0
RELATIVE_ERROR = 0.01

CALLS_FOR_P99 = 500
"""With fewer calls, fewer than five lie beyond a p99: it would be a word on the few slowest calls."""

# Bucket i holds the values in [LOWEST * GROWTH^i, LOWEST * GROWTH^(i + 1)). With a growth of (1 + e) / (1 -
# e), one value stands for all of its bucket with a relative error of at most e: Masson, Rim and Lee,
# "DDSketch", VLDB 2019, section 2.1. A hair less than 1 % leaves room for the rounding of the logarithm.
_ERROR = RELATIVE_ERROR * 0.999
GROWTH = (1 + _ERROR) / (1 - _ERROR)
_PER_LOG = 1 / log2(GROWTH)  # to base 2: `log` takes twice the time, for it looks for a base
_LOG_LOWEST = log2(LOWEST)
_BUCKETS = floor((log2(HIGHEST) - _LOG_LOWEST) * _PER_LOG) + 1


def found_buckets(durations: Sequence[float]) -> list[int]:
    """The bucket of each of many durations."""
    return _found(durations, min(durations), max(durations)) if durations else []


def _found(durations: Sequence[float], low: float, high: float) -> list[int]:
    """The same, when the shortest and the longest are known already."""
    scale, offset, last = _PER_LOG, _LOG_LOWEST, _BUCKETS - 1
    if low >= LOWEST and high < HIGHEST:
        return [int((logarithm - offset) * scale) for logarithm in map(log2, durations)]
    return [min(last, int((log2(max(seconds, LOWEST)) - offset) * scale)) for seconds in durations]


def check_duration(seconds: float) -> None:
    """Raises ValueError when it is not a finite number of seconds, 0 or more."""
    if not (seconds >= 0 and isfinite(seconds)):
        raise ValueError(f"a duration is a finite number of seconds, 0 or more, not {seconds}")


class Histogram:
    """How often which duration (seconds) was seen, from 1 µs to 10 min with a relative error of at most 1 %.

    Constant memory, 8 to 40 KB. Values outside are counted at the nearer end of the range; `min`, `max` and
    `count` are exact, so that merging in any order gives the same.
    """

    __slots__ = ("_buckets", "count", "max", "min")

    def __init__(self) -> None:
        self._buckets = [0] * _BUCKETS
        self.count = 0
        self.min = inf
        self.max = -inf

    def add(self, seconds: float) -> None:
        """Counts one duration. Raises ValueError when it is not a finite number of seconds, 0 or more."""
        if LOWEST <= seconds < HIGHEST:
            self._buckets[int((log2(seconds) - _LOG_LOWEST) * _PER_LOG)] += 1
        else:
            check_duration(seconds)
            self._buckets[0 if seconds < LOWEST else -1] += 1
        self.count += 1
        if seconds > self.max:
            self.max = seconds
        if seconds < self.min:
            self.min = seconds

    def add_all(self, durations: Sequence[float]) -> None:
        """Counts many durations that `check_duration` lets pass; a quarter of the time that `add` takes for each."""
        if durations:
            low, high = min(durations), max(durations)
            self.add_found(_found(durations, low, high), low, high)

    def add_found(self, found: Sequence[int], low: float, high: float) -> None:
        """The same, when their buckets have been found already: `low` and `high` are the shortest and the longest."""
        buckets = self._buckets
        for bucket in found:
            buckets[bucket] += 1
        self.count += len(found)
        self.max = max(self.max, high)
        self.min = min(self.min, low)

    def merge(self, other: Histogram) -> None:
        """Takes over all that the other has counted; the other stays as it is."""
        self._buckets = list(map(add, self._buckets, other._buckets))
        self.count += other.count
        self.max = max(self.max, other.max)
        self.min = min(self.min, other.min)

    def without(self, other: Histogram, low: float, high: float) -> Histogram:
        """What is left when all that the other has counted, which this one has too, is taken away.

        `low` and `high` are the shortest and the longest of what is left.
        """
        left = Histogram()
        left._buckets = list(map(sub, self._buckets, other._buckets))
        left.count, left.min, left.max = self.count - other.count, low, high
        return left

    def quantile(self, q: float) -> float:
        """The duration in seconds that a share `q` of all does not exceed (nearest rank): 0.5 is the median.

        Raises ValueError when nothing was counted or q is not between 0 and 1.
        """
        if not 0 <= q <= 1:
            raise ValueError(f"a quantile lies between 0 and 1, not at {q}")
        if not self.count:
            raise ValueError("nothing was counted, so there is no quantile")
        # 0.07 * 100 is 7.000000000000001: without the hair less, its rank would be 8.
        return self.ranked(max(1, ceil(q * self.count * (1 - 1e-15))))

    def ranked(self, rank: int) -> float:
        """The duration in seconds that has this rank: 1 is the shortest, `count` the longest."""
        if rank == 1:
            return self.min
        if rank == self.count:
            return self.max
        index = bisect_left(list(accumulate(self._buckets)), rank)
        return min(max(_middle(index), self.min), self.max)

    @property
    def buckets(self) -> tuple[tuple[int, int], ...]:
        """The buckets that hold something: index and count. Bucket i begins at LOWEST * GROWTH**i seconds."""
        return tuple((index, counted) for index, counted in enumerate(self._buckets) if counted)


def _middle(index: int) -> float:
    """The value whose relative distance to both ends of the bucket is the same."""
    lower = LOWEST * GROWTH**index
    return 2 * lower * GROWTH / (1 + GROWTH)
