"""How many calls a verdict needs: computed beforehand, so that nobody stops when the picture pleases."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, floor, log, log1p, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

from lbdemo.errors import InputError
from lbdemo.measure.bands import EXACT, Source, scaled
from lbdemo.measure.intervals import log10_at_least, log10_at_most, one_sided_z
from lbdemo.measure.order import batches_for, enlarged

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_SERVERS = 1000
SMALLEST_TOLERANCE = 0.01
LARGEST_TOLERANCE = 0.9
CALLS_TO_ONE_SERVER = 100
"""With one server there is nothing to spread; so many calls still show errors and the tail."""

FIRST_LOOK = 0.9
"""The part of alpha that the first of two blocks may spend. The second block doubles the calls, and needs less."""

_DRAWS = 8


@lru_cache(maxsize=64)
def plan_calls(servers: int, tolerance: float = 0.2, alpha: float = 0.001, power: float = 0.99) -> int:
    """The fewest calls with which a fair random policy is judged BALANCED with probability `power`.

    `tolerance` is how far a share may be off, relative to the fair one (0.2: 20 %); `alpha` is the error that the
    test allows. From exact binomial tails, added up over the servers (Bonferroni), and averaged over what
    the overdispersion of independent calls comes to by chance (chi-square, by Wilson and Hilferty's approximation).
    Counts are whole numbers, so the probability climbs in a sawtooth; the answer is a number whose predecessor does
    not suffice. Raises InputError for figures that make no sense.
    """
    check_servers(servers)
    check_test(tolerance, alpha)
    check_probability("power", power)
    if servers == 1:
        return CALLS_TO_ONE_SERVER

    def enough(calls: int) -> bool:
        return miss(calls, servers, tolerance, alpha) <= 1 - power

    too_few, plenty = 0, servers
    while not enough(plenty):
        too_few, plenty = plenty, plenty * 2
    return fewest(enough, too_few, plenty)


def fewest(enough: Callable[[int], bool], too_few: int, plenty: int) -> int:
    """A number between the two that is enough, and whose predecessor is not."""
    while plenty - too_few > 1:
        middle = (too_few + plenty) // 2
        too_few, plenty = (too_few, middle) if enough(middle) else (middle, plenty)
    return plenty


def gate_limit(servers: int, miss: float = 1e-6) -> int:
    """After so many calls a fair choice has shown all servers, but for a probability of `miss`.

    By the union bound: servers * (1 - 1/servers)^calls <= miss. Raises InputError for figures that make no
    sense.
    """
    check_servers(servers)
    check_probability("miss", miss)
    if servers == 1:
        return 1
    return max(servers, ceil(log(miss / servers) / log1p(-1 / servers)))


def check_servers(servers: int) -> None:
    """Raises InputError unless it is a number of servers that can be judged."""
    if not 1 <= servers <= MAX_SERVERS:
        raise InputError(f"the number of servers is {servers}: it must be from 1 to {MAX_SERVERS}")


def check_test(tolerance: float, alpha: float) -> None:
    """Raises InputError unless the tolerance and the error probability are usable."""
    if not SMALLEST_TOLERANCE <= tolerance <= LARGEST_TOLERANCE:
        raise InputError(
            f"the tolerance is {tolerance}: it must be from {SMALLEST_TOLERANCE} to {LARGEST_TOLERANCE}",
            hint="0.2 means that a share may be off by 20 % of the fair one",
        )
    check_probability("alpha", alpha)


def check_probability(name: str, value: float) -> None:
    """Raises InputError unless it is a probability, with a margin to 0 and 1 that can be computed with."""
    if not 1e-12 <= value <= 1 - 1e-12:
        raise InputError(f"{name} is {value}: it must be a probability between 0 and 1")


def miss(calls: int, servers: int, tolerance: float, alpha: float, source: Source = EXACT, odds: float = 1.0) -> float:
    """The probability (beyond two servers: a bound on it) that a fair choice is not judged BALANCED.

    `odds` is the factor by which the source makes the odds of each share wrong.
    """
    fair, times = 1 / servers, 1 if servers == 2 else servers
    batches, share = source.intervals or batches_for(calls, servers), scaled(fair, odds)
    missed = (
        miss_inside(calls, share, fair, tolerance, alpha, inflation * (1 + source.error), source)
        for inflation in inflations((batches - 1) * (servers - 1), alpha)
    )
    return times * sum(missed) / _DRAWS


@lru_cache(maxsize=256)
def inflations(freedom: int, alpha: float) -> tuple[float, ...]:
    """What `Order.inflation` comes to for independent calls with so many degrees of freedom: equally likely values.

    E. B. Wilson and M. M. Hilferty, "The distribution of chi-square", PNAS 17 (1931).
    """
    spread = 2 / (9 * freedom)
    draws = [NormalDist().inv_cdf((draw + 0.5) / _DRAWS) for draw in range(_DRAWS)]
    return tuple(max(1.0, enlarged((1 - spread + z * spread**0.5) ** 3, freedom, alpha)) for z in draws)


def miss_inside(
    calls: int,
    share: float,
    fair: float,
    tolerance: float,
    alpha: float,
    inflation: float = 1.0,
    source: Source = EXACT,
) -> float:
    """The probability that a server with this true share is not proven to lie in the band around the fair one."""
    of = floor(calls / inflation)
    fewest, most = inside(of, fair, tolerance, alpha, source)
    if fair == 0.5 and share == 0.5:  # the two counts are one: what one server lacks, the other has too much
        fewest, most = max(fewest, of - most), min(most, of - fewest)
    # A count that is divided by the inflation is rounded to the unsafe side.
    fewest, most = (ceil(fewest * inflation), floor(most * inflation)) if inflation > 1 else (fewest, most)
    if fewest > most:
        return 1.0
    below = 10 ** log10_at_most(fewest - 1, calls, share) if fewest > 0 else 0.0
    above = 10 ** log10_at_least(most + 1, calls, share)
    return float(below + above)


@lru_cache(maxsize=4096)
def inside(calls: int, fair: float, tolerance: float, alpha: float, source: Source = EXACT) -> tuple[int, int]:
    """The fewest and the most of `calls` with which a server's share is proven to lie in the band.

    The first is larger than the second when no count does.
    """
    low, high = source.inner(fair, tolerance)
    most = calls - _seldom(calls, 1 - high, alpha) if high < 1 else calls
    return _seldom(calls, low, alpha), most


def _seldom(calls: int, chance: float, alpha: float) -> int:
    """The smallest count from 0 to `calls` that is reached with a probability of `alpha` at most.

    `calls` + 1 when none is. It is looked for from where a normal distribution with its skewness has it (E. A. Cornish
    and R. A. Fisher, "Moments and cumulants in the specification of distributions", 1937).
    """
    limit, z = -log(1 / alpha) / log(10), one_sided_z(alpha)
    at = ceil(calls * chance + z * sqrt(calls * chance * (1 - chance)) + (z * z - 1) * (1 - 2 * chance) / 6)
    low, high, step, at = 0, calls + 1, 1, min(calls, max(0, at))
    while low < high:
        if log10_at_least(at, calls, chance) <= limit:
            high, at = at, max(at - step, (low + at) // 2)
        else:
            low, at = at + 1, min(at + step, (at + 1 + high) // 2)
        step *= 2
    return low
