"""How calls lay in time and over callers, where only counters tell of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.measure.order import (
    FEWEST_BATCHES,
    ONE_AT_A_TIME,
    Order,
    degrees,
    enlarged,
    overdispersion,
    surely_lumpy,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lbdemo.measure.flows.flow import Flow
    from lbdemo.measure.order import Rows

FEWEST_INTERVALS = FEWEST_BATCHES
"""With fewer intervals that have calls nobody knows how much a total may vary."""

EVEN_INTERVALS = 4
"""As many equally busy intervals must say as much as those there are: a single burst is no sample of time."""

TELLING = 7
"""From so many degrees of freedom on the overdispersion over callers is known well enough to count, as it is."""


@dataclass(frozen=True, slots=True)
class Watched(Order):
    """Calls by intervals of time (`batches`), which are not alike busy, and by `callers`: a row for each of several."""

    callers: tuple[tuple[int, ...], ...] = ()

    @property
    def calls(self) -> int:
        """All calls."""
        return sum(self.totals)

    @property
    def knows_variance(self) -> bool:
        """Whether there are intervals enough to tell how much a total may vary."""
        return sum(1 for row in self.batches if sum(row)) >= FEWEST_INTERVALS and even(self.batches) >= EVEN_INTERVALS

    @property
    def one_endpoint_each(self) -> bool:
        """Whether each caller keeps to one endpoint, also where each alone makes too few calls to say so."""
        kept = togetherness(self.callers)
        return kept is not None and kept >= ONE_AT_A_TIME and surely_lumpy(self.callers)

    def inflation(self, alpha: float) -> float:
        """By how much the calls say less than independent ones: for the intervals, or for the callers if that is more.

        Busy intervals and callers weigh more (`design_effect`). A few callers count only when they surely differ.
        """
        found = [Order.inflation(self, alpha), _inflation(self.batches, alpha)]
        if surely_lumpy(self.callers) or even_degrees(self.callers) >= TELLING:
            found.append(_inflation(self.callers, alpha))
        return max(found)


def watched(flows: Sequence[Flow]) -> Watched:
    """The calls of these flows by interval and, if several callers made calls, by caller."""
    endpoints = tuple(sorted({endpoint for flow in flows for endpoint in flow.endpoints}))
    intervals: dict[int, Counter[str]] = {}
    for flow in flows:
        for end, row in zip(flow.ends, flow.rows, strict=True):
            intervals.setdefault(end, Counter()).update(dict(zip(flow.endpoints, row, strict=True)))
    rows = tuple(tuple(calls[name] for name in endpoints) for _, calls in sorted(intervals.items()))
    callers = tuple(tuple(flow.totals.get(name, 0) for name in endpoints) for flow in flows if flow.calls)
    callers = callers if len(callers) > 1 else ()
    return Watched(endpoints, rows, connections=callers, callers=callers)


def design_effect(rows: Rows) -> float | None:
    """By how much the shares of all rows together vary more than those of as many independent calls.

    The squared residuals of the rows, added up as they are: a busy row weighs by its calls, which Pearson's phi leaves
    out. None where there is nothing to tell. (L. Kish, Survey Sampling, 1965, 5.4 and 6.4: ratio estimates of clusters
    of unequal sizes.)
    """
    clusters, calls = even(rows), sum(map(sum, rows))
    shares = [sum(column) / calls for column in zip(*rows, strict=True)] if calls else []
    independent = calls * sum(share * (1 - share) for share in shares)
    if clusters <= 1 or not independent:
        return None
    off = (count - sum(row) * share for row in rows for count, share in zip(row, shares, strict=True))
    return float(sum(residual**2 for residual in off) / independent * clusters / (clusters - 1))


def even(rows: Rows) -> float:
    """How many equally large rows are worth as much as these: (sum n)^2 / sum n^2. (Kish, 11.7.)"""
    sizes = [sum(row) for row in rows]
    return sum(sizes) ** 2 / sum(size * size for size in sizes) if any(sizes) else 0.0


def even_degrees(rows: Rows) -> float:
    """The degrees of freedom of so many equally large rows."""
    columns = sum(1 for column in zip(*rows, strict=True) if sum(column))
    return max(0.0, even(rows) - 1) * max(0, columns - 1)


def togetherness(rows: Rows) -> float | None:
    """How much more often than by chance two calls of a row go to the same server: 1 when they always do."""
    calls = sum(map(sum, rows))
    by_chance = sum((sum(column) / calls) ** 2 for column in zip(*rows, strict=True)) if calls else 1.0
    sizes = [(row, sum(row)) for row in rows if sum(row) > 1]
    if by_chance >= 1 or not sizes:
        return None
    same = sum(sum(count * (count - 1) for count in row) / (size - 1) for row, size in sizes)
    return (same / sum(size for _, size in sizes) - by_chance) / (1 - by_chance)


def _inflation(rows: Rows, alpha: float) -> float:
    """The larger of phi and the design effect, each a little larger for being itself an estimate."""
    told = ((overdispersion(rows), degrees(rows)), (design_effect(rows), even_degrees(rows)))
    return max((enlarged(by, freedom, alpha) for by, freedom in told if by and freedom), default=1.0)
