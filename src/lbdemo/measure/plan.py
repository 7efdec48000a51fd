"""How many calls a verdict needs: computed beforehand, so that nobody stops when the picture pleases."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, floor, log, log1p
from statistics import NormalDist
from typing import TYPE_CHECKING

from lbdemo.errors import InputError
from lbdemo.measure.intervals import log10_at_least, log10_at_most, one_sided_z
from lbdemo.measure.order import batches_for, student_t

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
    too_few, enough = 0, servers
    while _miss(enough, servers, tolerance, alpha) > 1 - power:
        too_few, enough = enough, enough * 2
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if _miss(middle, servers, tolerance, alpha) > 1 - power:
            too_few = middle
        else:
            enough = middle
    return enough


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


def _miss(calls: int, servers: int, tolerance: float, alpha: float) -> float:
    """The probability (beyond two servers: a bound on it) that a fair choice is not judged BALANCED."""
    return (
        sum(
            miss_inside(calls, 1 / servers, 1 / servers, tolerance, alpha, inflation) * (1 if servers == 2 else servers)
            for inflation in inflations((batches_for(calls, servers) - 1) * (servers - 1), alpha)
        )
        / _DRAWS
    )


@lru_cache(maxsize=256)
def inflations(freedom: int, alpha: float) -> tuple[float, ...]:
    """What `Order.inflation` comes to for independent calls with so many degrees of freedom: equally likely values.

    E. B. Wilson and M. M. Hilferty, "The distribution of chi-square", PNAS 17 (1931).
    """
    correction = (student_t(alpha, freedom) / one_sided_z(alpha)) ** 2
    spread = 2 / (9 * freedom)
    draws = [NormalDist().inv_cdf((draw + 0.5) / _DRAWS) for draw in range(_DRAWS)]
    return tuple(max(1.0, (1 - spread + z * spread**0.5) ** 3 * correction) for z in draws)


def miss_inside(calls: int, share: float, fair: float, tolerance: float, alpha: float, inflation: float = 1.0) -> float:
    """The probability that a server with this true share is not proven to lie in the band around the fair one."""
    of = floor(calls / inflation)
    fewest, most = inside(of, fair, tolerance, alpha)
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
def inside(calls: int, fair: float, tolerance: float, alpha: float) -> tuple[int, int]:
    """The fewest and the most of `calls` with which a server's share is proven to lie in the band.

    The first is larger than the second when no count does.
    """
    low, high = band(fair, tolerance)
    limit = -log(1 / alpha) / log(10)
    fewest = _first(calls, lambda count: log10_at_least(count, calls, low) <= limit)
    most = calls - _first(calls, lambda count: high >= 1 or log10_at_most(calls - count, calls, high) <= limit)
    return fewest, most


def _first(calls: int, holds: Callable[[int], bool]) -> int:
    """The smallest count from 0 to `calls` for which it holds, `calls` + 1 when none does; once true, it stays so."""
    low, high = 0, calls + 1
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def band(share: float, tolerance: float) -> tuple[float, float]:
    """The shares that still count as the expected one."""
    return share * (1 - tolerance), share * (1 + tolerance)
