"""How the calls lay in time: steadily spread, or one server at a time."""

from __future__ import annotations

from dataclasses import dataclass

BATCHES = 64
"""So many batches, by sequence number: enough to see a server taking over, few enough to have many calls each."""


@dataclass(frozen=True, slots=True)
class Order:
    """The calls that servers signed, by the order in which the client sent them.

    `batches` has a row for each batch of neighbouring calls, in their order, with the calls of each of `servers`;
    `connections` a row for each of the client's connections. Of `pairs` of neighbouring calls, `same` went to the
    same server.
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


def overdispersion(rows: tuple[tuple[int, ...], ...]) -> float | None:
    """phi = sum over rows b and servers s of (n_bs - n_b p_s)^2 / (n_b p_s) / ((B - 1)(k - 1)).

    p_s are the *observed* shares of all rows together: it asks for steadiness, not for fairness. None when there are
    not two rows with calls and two servers with calls. (McCullagh and Nelder, Generalized Linear Models, 4.5.)
    """
    rows = tuple(row for row in rows if sum(row))
    totals = [total for total in map(sum, zip(*rows, strict=True)) if total]
    if len(rows) < 2 or len(totals) < 2:
        return None
    calls = sum(totals)
    served = [column for column in zip(*rows, strict=True) if sum(column)]
    sizes = [sum(row) for row in rows]
    chi_square: float = sum(
        (count - size * total / calls) ** 2 / (size * total / calls)
        for column, total in zip(served, totals, strict=True)
        for count, size in zip(column, sizes, strict=True)
    )
    return chi_square / ((len(rows) - 1) * (len(totals) - 1))
