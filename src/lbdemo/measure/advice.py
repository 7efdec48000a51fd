"""How many calls would settle what these cannot: with a stated power, or no number at all."""

from __future__ import annotations

from math import floor, sqrt
from typing import TYPE_CHECKING

from lbdemo.measure.exact import above, below
from lbdemo.measure.intervals import log10_at_least, log10_at_most, one_sided_z
from lbdemo.measure.plan import miss_inside
from lbdemo.measure.watch import FARTHEST, plan_watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from lbdemo.measure.spread import Spread
    from lbdemo.measure.verdict import ShareInterval

POWER = 0.9
"""A fresh block of the advised size settles it at least so often."""

_SURE = 0.95  # twice: that the true shares are no nearer to the limit than assumed, and that the block then shows it


def fresh_block(spread: Spread) -> int | None:
    """The size of a fresh block that settles it with a power of 0.9; None when no sensible one does.

    The true shares are assumed to be as near to a limit of the band as these calls leave possible (with a probability
    of 0.95): so it holds however lucky these calls were. A block smaller than the planned one is always advised to be
    as large as that: with it a fair choice is BALANCED in 99 of 100 blocks.
    """
    planned = planned_block(spread) if spread.can_settle else None
    if planned is None:
        return None
    if spread.calls < planned or spread.strangers:
        return planned
    nearest = [_nearest(interval, spread) for interval in spread.expected]
    if any(share is None for share in nearest):
        return None
    shares = [share for share in nearest if share is not None]
    size = planned
    while size <= FARTHEST * planned:
        if _power(shares, spread, size) >= _SURE:
            return size
        size += size // 4
    return None


def planned_block(spread: Spread) -> int | None:
    """The calls that the planner wants for so many servers; None where no number of them would do."""
    return plan_watch(len(spread.roster), spread.tolerance, spread.alpha, spread.source)


def _nearest(interval: ShareInterval, spread: Spread) -> float | None:
    """The share nearest to a limit of the band that the calls leave possible; None when they leave both sides open."""
    low, high = spread.source.inner(interval.expected_share, spread.tolerance)
    lowest, highest = spread.source.outer(interval.expected_share, spread.tolerance)
    of = max(1, spread.effective)
    share = min(max(interval.share, 1 / (of + 1)), of / (of + 1))
    reach = one_sided_z(1 - _SURE) * sqrt(share * (1 - share) / of)
    if low + reach < share < high - reach:
        return share - reach if share - low < high - share else share + reach
    if share < lowest - reach:
        return share + reach
    return share - reach if share > highest + reach else None


def _power(shares: list[float], spread: Spread, calls: int) -> float:
    """The probability that a block of so many calls settles it, where these are the true shares (a lower bound)."""
    of, source = floor(calls / spread.inflation), spread.source
    fair = [interval.expected_share for interval in spread.expected]
    inner, outer = ([limits(part, spread.tolerance) for part in fair] for limits in (source.inner, source.outer))
    if all(low < share < high for share, (low, high) in zip(shares, inner, strict=True)):
        missed = (
            miss_inside(of, share, part, spread.tolerance, spread.alpha, source=source)
            for share, part in zip(shares, fair, strict=True)
        )
        return 1 - sum(missed)
    return max(_accusing(of, share, limits, spread) for share, limits in zip(shares, outer, strict=True))


def _accusing(of: int, share: float, limits: tuple[float, float], spread: Spread) -> float:
    """The probability that a server with this true share is proven to be outside of the band."""
    low, high = limits
    alpha = spread.alpha / (2 * len(spread.roster))
    if share < low:
        most = _last(of, lambda count: below(count, of, low, alpha))
        return float(10 ** log10_at_most(most, of, share)) if most >= 0 else 0.0
    if share > high:
        fewest = of - _last(of, lambda count: above(of - count, of, high, alpha))
        return float(10 ** log10_at_least(fewest, of, share)) if fewest <= of else 0.0
    return 0.0


def _last(of: int, holds: Callable[[int], bool]) -> int:
    """The largest count from 0 to `of` for which it holds, -1 when none does; once false, it stays so."""
    low, high = -1, of
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low
