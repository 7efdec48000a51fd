"""Which policy leaves such calls: named from how they lie in time, and from their totals."""

from __future__ import annotations

from math import log10
from typing import TYPE_CHECKING

from lbdemo.measure.intervals import chi_square_tail, log10_chi_square_tail
from lbdemo.measure.order import degrees, overdispersion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lbdemo.measure.order import Order

ROUND_ROBIN = "round robin"
RANDOM_LIKE = "random-like"
LEAST_REQUEST = "least request"
SKEWED = "skewed"
STICKY = "sticky"
IN_TURNS = "in turns"
UNKNOWN = ""

FINGERPRINTS = (ROUND_ROBIN, RANDOM_LIKE, SKEWED, STICKY, IN_TURNS)
PROMISES = (*FINGERPRINTS, LEAST_REQUEST)

CALLS_A_SERVER = 10
"""With fewer calls for each server (on average) a spread has no fingerprint."""

STEADY = 0.25
"""Up to this phi the calls are called round robin, when independent ones are so steady with `alpha` at most.

Round robins side by side (one a worker thread, one a connection) come to less; least request comes to more.
"""

STEADIEST = 0.05
"""What totals may vary by even where the batches hardly do: runs begin and end in the middle of a turn."""

NOT_EXACT = 0.3
"""From this D on totals are no round robin's."""

LUMPS = 5
"""A spread as uneven as this many connections (or fewer) make, each stuck to one server, is called sticky."""


def chi_square(counts: Sequence[int], shares: Sequence[float] = ()) -> float:
    """Pearson's statistic of the counts against the shares (none: equal ones); 0 of nothing."""
    calls = sum(counts)
    if not calls:
        return 0.0
    fair = [calls * share for share in shares] or [calls / len(counts)] * len(counts)
    return sum((count - part) ** 2 / part for count, part in zip(counts, fair, strict=True))


def fingerprint(counts: Sequence[int], dispersion: float, order: Order | None, alpha: float) -> str:
    """The policy that the calls look like; '' when there are too few to tell, or two policies look alike.

    `dispersion` is D, the chi-square of the totals over its degrees of freedom.

    - in turns, sticky: one server at a time, or provably more lumpy in time than independent calls.
    - sticky, skewed: totals that are provably uneven; sticky when as lumpy as if at most 5 connections had carried all
      calls (calls / D <= 5); but not when all servers answer, and those that get their part get it evenly.
    - round robin: steadier than independent calls but for a probability of `alpha`, from batch to batch or from
      connection to connection; where the order is not known, totals that are.
    - random-like: neither. Least request looks so, too.
    """
    calls, freedom = sum(counts), len(counts) - 1
    if calls < CALLS_A_SERVER * len(counts):
        return UNKNOWN
    if order is not None and order.in_turns:
        return IN_TURNS
    inflation = order.inflation(alpha) if order else 1.0
    if log10_chi_square_tail(dispersion / inflation * freedom, freedom) < log10(alpha):
        return STICKY if calls <= LUMPS * dispersion and not _avoided(counts, alpha) else SKEWED
    return _steadiness(dispersion, freedom, order, alpha)


def _steadiness(dispersion: float, freedom: int, order: Order | None, alpha: float) -> str:
    """The policy of even totals."""
    if order is None or order.phi is None:
        if chi_square_tail(dispersion * freedom, freedom) > 1 - alpha:
            return ROUND_ROBIN
        return RANDOM_LIKE if dispersion >= NOT_EXACT else UNKNOWN
    told = [_steady(rows, alpha) for rows in (order.batches, order.connections)]
    if True in told:
        return SKEWED if _lopsided(dispersion, freedom, order.phi, alpha) else ROUND_ROBIN
    if order.surely_sticky:
        return STICKY
    return RANDOM_LIKE if told[0] is False else UNKNOWN


def _lopsided(dispersion: float, freedom: int, phi: float, alpha: float) -> bool:
    """Whether steady calls are steadily uneven, as those of a weighted round robin are."""
    return log10_chi_square_tail(dispersion / max(phi, STEADIEST) * freedom, freedom) < log10(alpha)


def _steady(rows: Sequence[tuple[int, ...]], alpha: float) -> bool | None:
    """Whether the rows are steadier than independent calls; None when such rows could not tell."""
    phi, freedom = overdispersion(rows), degrees(rows)
    if phi is None or chi_square_tail(STEADY * freedom, freedom) < 1 - alpha:
        return None
    return phi <= STEADY


def _avoided(counts: Sequence[int], alpha: float) -> bool:
    """Whether some servers get less than half of their part, but something, and the others are even."""
    half = sum(counts) / len(counts) / 2
    fed = [count for count in counts if count >= half]
    if not 0 < min(counts) < half or len(fed) < 2:
        return False
    return log10_chi_square_tail(chi_square(fed), len(fed) - 1) >= log10(alpha)
