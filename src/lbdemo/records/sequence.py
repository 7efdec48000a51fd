"""Are all sequence numbers there, each once? Told in constant memory from how many there are, and of which span."""

from __future__ import annotations

from collections.abc import Sequence


class SequenceCheck:
    """Sequence numbers go in, those that are missing or there twice come out, as far as counting can tell."""

    __slots__ = ("_first", "_last", "_missing", "_numbers", "_repeated")

    def __init__(self) -> None:
        self._first = 0
        self._last = -1
        self._numbers = 0
        self._missing = 0  # of what was merged
        self._repeated = 0

    def add(self, numbers: Sequence[int]) -> None:
        """Takes note of some numbers."""
        self._first = min(numbers) if not self._numbers else min(self._first, *numbers)
        self._last = max(self._last, *numbers)
        self._numbers += len(numbers)

    @property
    def missing(self) -> int:
        """At least so many numbers between the first and the last are not there."""
        return self._missing + max(0, self._span - self._numbers)

    @property
    def repeated(self) -> int:
        """At least so many numbers are there more than once."""
        return self._repeated + max(0, self._numbers - self._span)

    def merge(self, other: SequenceCheck) -> None:
        """Takes over the other's findings: each source counts for itself."""
        self._missing += other.missing
        self._repeated += other.repeated

    @property
    def _span(self) -> int:
        return self._last - self._first + 1 if self._numbers else 0
