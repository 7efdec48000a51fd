"""What happened when: a cell for each second, wider ones for a longer run."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING

from lbdemo.measure.histogram import Histogram
from lbdemo.records.quantiles import milliseconds
from lbdemo.records.sample import OK

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_CELLS = 128


class _Cell:
    """What fell into one cell; the histogram costs 8 KB."""

    __slots__ = ("calls", "failed", "latency")

    def __init__(self) -> None:
        self.calls = 0
        self.failed = 0
        self.latency = Histogram()

    def merge(self, other: _Cell) -> None:
        self.calls += other.calls
        self.failed += other.failed
        self.latency.merge(other.latency)


@dataclass(frozen=True, slots=True)
class Moment:
    """The calls that were due in one cell of the time line. `at` is its start, in seconds from the first cell's.

    The latencies (seconds) are those that a user sees.
    """

    at: float
    calls: int
    failed: int
    p50: float
    p99: float
    max: float

    def to_dict(self) -> dict[str, object]:
        """The record ready for JSON."""
        return {
            "at_s": self.at,
            "calls": self.calls,
            "failed": self.failed,
            "p50_ms": milliseconds(self.p50),
            "p99_ms": milliseconds(self.p99),
            "max_ms": milliseconds(self.max),
        }


class Timeline:
    """Calls by the second in which they were due. At most 128 cells; of more, each becomes twice as wide."""

    __slots__ = ("_cells", "_width")

    def __init__(self) -> None:
        self._cells: dict[int, _Cell] = {}
        self._width = 0  # a cell is 2 ** width seconds wide

    def add(self, dues: Sequence[float], codes: Sequence[str], latencies: Sequence[float]) -> None:
        """Counts calls: when they were due, their codes, and their latencies."""
        width = self._width
        first, last = int(min(dues) // 1) >> width, int(max(dues) // 1) >> width
        if first == last:
            self._add(first, codes, latencies)
        else:
            cells = [int(due // 1) >> width for due in dues]
            for at in set(cells):
                here = [cell == at for cell in cells]
                self._add(at, list(compress(codes, here)), list(compress(latencies, here)))
        self._narrow()

    def _add(self, at: int, codes: Sequence[str], latencies: Sequence[float]) -> None:
        cell = self._cells.get(at) or self._cells.setdefault(at, _Cell())
        cell.calls += len(codes)
        cell.failed += len(codes) - codes.count(OK)
        cell.latency.add_all(latencies)

    def merge(self, other: Timeline) -> None:
        """Takes over all that the other has counted; the other stays as it is."""
        self._widen(other._width)
        for at, cell in other._cells.items():
            key = at >> (self._width - other._width)
            (self._cells.get(key) or self._cells.setdefault(key, _Cell())).merge(cell)
        self._narrow()

    def moments(self) -> tuple[Moment, ...]:
        """The cells that have calls, in their order."""
        first = min(self._cells, default=0)
        return tuple(
            Moment(
                at=float((at - first) << self._width),
                calls=cell.calls,
                failed=cell.failed,
                p50=cell.latency.quantile(0.5),
                p99=cell.latency.quantile(0.99),
                max=cell.latency.max,
            )
            for at, cell in sorted(self._cells.items())
        )

    def latencies(self) -> Histogram:
        """The latencies of all calls."""
        everything = Histogram()
        for cell in self._cells.values():
            everything.merge(cell.latency)
        return everything

    @property
    def seconds(self) -> int:
        """How wide a cell is."""
        return 1 << self._width

    def _narrow(self) -> None:
        while len(self._cells) > MAX_CELLS:
            self._widen(self._width + 1)

    def _widen(self, width: int) -> None:
        """Makes the cells as wide as 2 ** `width` seconds, if they are not yet."""
        if width <= self._width:
            return
        cells: dict[int, _Cell] = {}
        for at, cell in self._cells.items():
            key = at >> (width - self._width)
            if key in cells:
                cells[key].merge(cell)
            else:
                cells[key] = cell
        self._cells, self._width = cells, width
