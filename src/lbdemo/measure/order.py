"""How the calls lay in time: steadily spread, or one server at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

from lbdemo.measure.intervals import chi_square_tail, log10_chi_square_tail, one_sided_z

BATCHES = 64
"""So many batches, by sequence number: enough to see a server taking over, few enough to have many calls each."""

FEWEST_BATCHES = 8
ROUNDS = 4
"""Each batch has calls for so many rounds at least: even an exact round robin begins and ends in the middle of one."""

SURE = 0.001
"""Traffic is called sticky, or steady, when independent calls look as much so this seldom."""

SURE_TOGETHER = 0.0001
"""Overdispersion between batches put together counts when independent calls show as much this seldom.

It leaves few calls worth anything; by ten times this chance it kept open 1 in 2 000 random runs after two blocks.
"""

ONE_AT_A_TIME = 0.95
"""From this stickiness on one server at a time has the calls: with two servers, about 40 in a row."""

LUMP = 0.5
"""As concentrated as this (1: each batch has one server) is one server at a time, too."""

TOGETHER = (1, 2, 4, 8)

Rows = Sequence[tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Order:
    """The calls that servers signed, by the order in which the client sent them.

    `batches` has a row for each batch of neighbouring calls, in their order, with the calls of each of `servers`;
    `connections` a row for each of the client's connections. Of `pairs` of calls that followed each other on one
    connection, `same` went to the same server.
    """

    servers: tuple[str, ...]
    batches: tuple[tuple[int, ...], ...]
    connections: tuple[tuple[int, ...], ...] = ()
    pairs: int = 0
    same: int = 0

    @property
    def phi(self) -> float | None:
        """The overdispersion between batches: 0 for round robin, 1 for independent calls, more for sticky ones."""
        return overdispersion(self.batches)

    @property
    def totals(self) -> tuple[int, ...]:
        """The calls of each server."""
        return tuple(map(sum, zip(*self.batches, strict=True)))

    @property
    def stickiness(self) -> float | None:
        """The correlation of neighbours on a connection: 1 when a call always follows the one before to its server,
        0 for independent calls, negative when it avoids that server. None without neighbours, or with one server."""
        calls = sum(self.totals)
        by_chance = sum((total / calls) ** 2 for total in self.totals) if calls else 1.0
        if not self.pairs or by_chance >= 1:
            return None
        return (self.same / self.pairs - by_chance) / (1 - by_chance)

    @property
    def in_turns(self) -> bool:
        """One server at a time: long runs, whole batches of one server, or short runs that take regular turns."""
        phi, sticks = self.phi, self.stickiness
        if phi is None:
            return False
        rows = [row for row in self.batches if sum(row)]
        lump = phi / (sum(self.totals) / len(rows))
        regular = sticks is not None and sticks >= LUMP and phi <= 1 and len(self.connections) < 2
        return regular or (sticks is not None and sticks >= ONE_AT_A_TIME) or (lump >= LUMP and self.surely_sticky)

    @property
    def surely_steady(self) -> bool:
        """Whether independent calls hardly ever are as steady."""
        phi, freedom = self.phi, degrees(self.batches)
        return phi is not None and chi_square_tail(phi * freedom, freedom) > 1 - SURE

    @property
    def surely_sticky(self) -> bool:
        """Whether steady traffic hardly ever is as lumpy."""
        return surely_lumpy(self.batches)

    def inflation(self, alpha: float) -> float:
        """By how much the calls say less than independent ones of their number would; 1 when by nothing.

        It is phi, `enlarged`. Batches are also put together, two, four and eight at a time, for traffic that sticks for
        longer than a batch lasts.
        """
        found = [1.0]
        for step in TOGETHER:
            rows = together(self.batches, step)
            phi = overdispersion(rows)
            if phi is not None and (step == 1 or surely_lumpy(rows, SURE_TOGETHER)):
                found.append(enlarged(phi, degrees(rows), alpha))
        return max(found)


def batches_for(calls: int, servers: int) -> int:
    """How many batches so many calls make."""
    return max(FEWEST_BATCHES, min(BATCHES, calls // (ROUNDS * max(1, servers))))


def overdispersion(rows: Rows) -> float | None:
    """phi = sum over rows b and servers s of (n_bs - n_b p_s)^2 / (n_b p_s) / ((B - 1)(k - 1)).

    p_s are the *observed* shares of all rows together: it asks for steadiness, not for fairness. None when there are
    not two rows with calls and two servers with calls. (McCullagh and Nelder, Generalized Linear Models, 4.5.)
    """
    freedom = degrees(rows)
    if not freedom:
        return None
    rows = [row for row in rows if any(row)]
    sizes = [sum(row) for row in rows]
    calls, chi_square = sum(sizes), 0.0
    for column in zip(*rows, strict=True):
        if share := sum(column) / calls:
            chi_square += (
                sum((count - size * share) ** 2 / size for count, size in zip(column, sizes, strict=True)) / share
            )
    return chi_square / freedom


def degrees(rows: Rows) -> int:
    """The degrees of freedom of the rows: (B - 1)(k - 1), of those that have calls."""
    batches = sum(map(any, rows))
    servers = sum(map(any, zip(*rows, strict=True)))
    return max(0, batches - 1) * max(0, servers - 1)


def together(rows: Rows, step: int) -> Rows:
    """The rows put together, so many at a time."""
    if step == 1:
        return rows
    return [tuple(map(sum, zip(*rows[start : start + step], strict=True))) for start in range(0, len(rows), step)]


def enlarged(phi: float, freedom: float, alpha: float) -> float:
    """An overdispersion, a little larger for being itself an estimate with so many degrees of freedom.

    Student's t stands in for the normal quantile that is exceeded with probability `alpha`.
    """
    return phi * (student_t(alpha, freedom) / one_sided_z(alpha)) ** 2


def student_t(alpha: float, freedom: float) -> float:
    """The quantile of Student's t that is exceeded with probability `alpha`.

    Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5: good to a per cent from 7 degrees on.
    """
    z = one_sided_z(alpha)
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def surely_lumpy(rows: Rows, sure: float = SURE) -> bool:
    """Whether independent calls leave rows as lumpy at most this seldom."""
    phi, freedom = overdispersion(rows), degrees(rows)
    return phi is not None and log10_chi_square_tail(phi * freedom, freedom) < log10(sure)
