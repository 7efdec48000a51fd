"""Are all sequence numbers there, each once? Told in constant memory from how many there are, and of which span."""

from __future__ import annotations

from collections.abc import Sequence

MAX_PROCESSES = 64
"""So many processes share a load at most."""


class SequenceCheck:
    """Sequence numbers go in, those that are missing or there twice come out, as far as counting can tell.

    `processes` share the numbers of the block: each has every so-manieth, and each goes as far as it comes. The gate's
    are those of one of them.
    """

    __slots__ = ("_gate", "_missing", "_repeated", "_rows")

    def __init__(self, processes: int = 1) -> None:
        self._gate = _Row(1)
        self._rows = [_Row(processes) for _ in range(processes)] if processes > 1 else [self._gate]
        self._missing = 0  # of what was merged
        self._repeated = 0

    def add(self, numbers: Sequence[int]) -> None:
        """Takes note of some numbers of the block."""
        rows = len(self._rows)
        if rows == 1:
            self._rows[0].add(numbers)
            return
        for at, row in enumerate(self._rows):
            row.add([number for number in numbers if number % rows == at])

    def add_gate(self, number: int) -> None:
        """Takes note of a number of the gate."""
        self._gate.add([number])

    @property
    def missing(self) -> int:
        """At least so many numbers between the first and the last are not there."""
        return self._missing + sum(max(0, -row.surplus) for row in self._all)

    @property
    def repeated(self) -> int:
        """At least so many numbers are there more than once."""
        return self._repeated + sum(max(0, row.surplus) for row in self._all)

    def merge(self, other: SequenceCheck) -> None:
        """Takes over the other's findings: each source counts for itself."""
        self._missing += other.missing
        self._repeated += other.repeated

    @property
    def _all(self) -> list[_Row]:
        return self._rows if self._gate is self._rows[0] else [self._gate, *self._rows]


class _Row:
    """Numbers that are `step` apart."""

    __slots__ = ("_first", "_last", "_numbers", "_step")

    def __init__(self, step: int) -> None:
        self._step = step
        self._first = 0
        self._last = -1
        self._numbers = 0

    def add(self, numbers: Sequence[int]) -> None:
        if not numbers:
            return
        self._first = min(numbers) if not self._numbers else min(self._first, *numbers)
        self._last = max(self._last, *numbers)
        self._numbers += len(numbers)

    @property
    def surplus(self) -> int:
        """How many more numbers there are than have room between the first and the last; below 0: fewer."""
        return self._numbers - ((self._last - self._first) // self._step + 1) if self._numbers else 0
