"""What flowed from one caller to its endpoints, interval by interval."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Why an interval between two looks is left out."""

    RESTARTED = "restarted"
    """A counter fell: it began anew, at an unknown time."""

    CHANGED = "changed"
    """An endpoint came or went between the looks."""

    OTHERS = "others"
    """There were other endpoints than in the intervals that are judged."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """An interval of one caller that is left out, from and to which time, and the endpoints that are the cause."""

    start: float
    end: float
    cause: Cause
    endpoints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """The calls of one caller, interval by interval, as long as it had the same endpoints.

    `rows` has the calls to each of `endpoints` in each interval that is left; `ends` says before which look (from 0)
    each of them ended, and they last `seconds` together. `passing` were its endpoints at other times only. `error` is
    that of the least exact of its looks.
    """

    caller: str
    endpoints: tuple[str, ...]
    rows: tuple[tuple[int, ...], ...]
    ends: tuple[int, ...]
    seconds: float
    error: float = 0.0
    dropped: tuple[Dropped, ...] = ()
    passing: tuple[str, ...] = ()

    @property
    def calls(self) -> int:
        """All calls of the intervals."""
        return sum(map(sum, self.rows))

    @property
    def totals(self) -> dict[str, int]:
        """The calls to each endpoint."""
        sums = map(sum, zip(*self.rows, strict=True)) if self.rows else (0 for _ in self.endpoints)
        return dict(zip(self.endpoints, sums, strict=True))
