"""Which policy leaves such a spread: named from the dispersion D = chi-square / (servers - 1)."""

from __future__ import annotations

from math import log10
from typing import TYPE_CHECKING

from lbdemo.measure.intervals import chi_square_tail, log10_chi_square_tail

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUND_ROBIN = "round robin"
RANDOM_LIKE = "random-like"
SKEWED = "skewed"
STICKY = "sticky"
UNKNOWN = ""

FINGERPRINTS = (ROUND_ROBIN, RANDOM_LIKE, SKEWED, STICKY)

CALLS_A_SERVER = 10
"""With fewer calls for each server (on average) a spread has no fingerprint."""

EXACT = 0.02
"""Up to this D a spread is called round robin: each server is then within about three calls of its share."""

NOT_EXACT = 0.3
"""From this D on a promised round robin is broken.

Several of them side by side (one a worker thread, one a connection) add up to far less.
"""

LUMPS = 5
"""A spread as uneven as this many connections (or fewer) make, each stuck to one server, is called sticky."""


def chi_square(counts: Sequence[int]) -> float:
    """Pearson's statistic of the counts against equal shares; 0 of nothing."""
    calls = sum(counts)
    if not calls:
        return 0.0
    fair = calls / len(counts)
    return sum((count - fair) ** 2 for count in counts) / fair


def dispersion(counts: Sequence[int]) -> float | None:
    """D = chi-square / (servers - 1): near 0 for round robin, about 1 for a random choice.

    If connections stick to servers, about the number of calls that each carried. None when there are not
    two servers, or no call.
    """
    if len(counts) < 2 or not sum(counts):
        return None
    return chi_square(counts) / (len(counts) - 1)


def fingerprint(counts: Sequence[int], alpha: float) -> str:
    """The policy that the counts look like; '' when there are too few calls to tell.

    - round robin: D up to 0.02, or counts within one call of each other, or more even than a random choice is
      but for a probability of `alpha`. (With two servers a random choice is at times just as even.)
    - random-like: no more uneven than a random choice is, but for `alpha`. Least request looks so, too.
    - sticky: more uneven, and as lumpy as if at most 5 connections had carried all calls (calls / D <= 5); but not when
      all servers answer, and those that get their part get it evenly: then the others are avoided.
    - skewed: whatever lies between.
    """
    spread, calls = dispersion(counts), sum(counts)
    if spread is None or calls < CALLS_A_SERVER * len(counts):
        return UNKNOWN
    degrees = len(counts) - 1
    if spread <= EXACT or max(counts) - min(counts) <= 1 or chi_square_tail(spread * degrees, degrees) > 1 - alpha:
        return ROUND_ROBIN
    if log10_chi_square_tail(spread * degrees, degrees) >= log10(alpha):
        return RANDOM_LIKE
    return STICKY if calls <= LUMPS * spread and not _avoided(counts, alpha) else SKEWED


def _avoided(counts: Sequence[int], alpha: float) -> bool:
    """Whether some servers get less than half of their part, but something, and the others are even."""
    half = sum(counts) / len(counts) / 2
    fed = [count for count in counts if count >= half]
    if not 0 < min(counts) < half or len(fed) < 2:
        return False
    return log10_chi_square_tail(chi_square(fed), len(fed) - 1) >= log10(alpha)


def breaks_promise(promised: str, seen: str, spread: float | None) -> bool:
    """Whether the spread clearly contradicts the promised policy.

    Only round robin promises exact counts, so only that promise can be broken by a spread that is otherwise
    fine: when there were calls enough to tell, and D is 0.3 or more, where random choices begin.
    """
    return promised == ROUND_ROBIN and seen not in (ROUND_ROBIN, UNKNOWN) and spread is not None and spread >= NOT_EXACT
