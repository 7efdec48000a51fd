"""Which shares still count as the expected one, also where calls were counted from afar."""

from __future__ import annotations

from dataclasses import dataclass

from lbdemo.errors import InputError

LARGEST_ERROR = 0.1
"""A source that counts less exactly than this is no basis for a verdict."""

Limits = tuple[float, float]


def band(share: float, tolerance: float) -> Limits:
    """The shares that still count as the expected one."""
    return share * (1 - tolerance), share * (1 + tolerance)


@dataclass(frozen=True, slots=True)
class Source:
    """Who counted the calls, and how well.

    `error` (0 to 0.1) is how far each count may be off, relative to itself and always to the same side; 0 where calls
    were counted one by one. `intervals` is into how many intervals of time the calls fall, 0 where each is known by
    itself. Raises InputError for a larger error.
    """

    error: float = 0.0
    intervals: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.error <= LARGEST_ERROR:
            raise InputError(f"a source's error is {self.error}: it must be from 0 to {LARGEST_ERROR}")

    @property
    def odds(self) -> float:
        """By which factor the odds of a share may be off: one count is too large, all others are too small."""
        return (1 + self.error) / (1 - self.error)

    def inner(self, share: float, tolerance: float) -> Limits:
        """Counted shares that lie between these are truly in the band, whatever the error."""
        low, high = band(share, tolerance)
        return scaled(low, self.odds), scaled(high, 1 / self.odds)

    def outer(self, share: float, tolerance: float) -> Limits:
        """Counted shares that do not lie between these are truly outside of the band, whatever the error."""
        low, high = band(share, tolerance)
        return scaled(low, 1 / self.odds), scaled(high, self.odds)


EXACT = Source()


def scaled(share: float, factor: float) -> float:
    """The share whose odds are so many times those of the given one; none and all stay what they are."""
    if factor == 1 or not 0 < share < 1:
        return share
    odds = factor * share / (1 - share)
    return odds / (1 + odds)
