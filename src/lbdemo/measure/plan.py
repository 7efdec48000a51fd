"""How many calls a verdict needs: computed beforehand, so that nobody stops when the picture pleases."""

from __future__ import annotations

from math import ceil, log, log1p, sqrt

from lbdemo.errors import InputError
from lbdemo.measure.intervals import log10_at_least, log10_at_most, simultaneous_z, wilson

MAX_SERVERS = 1000
SMALLEST_TOLERANCE = 0.01
LARGEST_TOLERANCE = 0.9
CALLS_TO_ONE_SERVER = 100
"""With one server there is nothing to spread; so many calls still show errors and the tail."""


def plan_calls(servers: int, tolerance: float = 0.2, alpha: float = 0.001, power: float = 0.99) -> int:
    """The fewest calls with which a fair random policy is judged BALANCED with probability `power`.

    `tolerance` is how far a share may be off, relative to the fair one (0.2: 20 %); `alpha` is the error that
    the intervals allow together. From binomial tails, added up over the servers (Bonferroni): exact for two
    servers, for more a bound on the safe side, which at a power of 0.99 costs less than 1 % more calls.
    Counts are whole numbers, so the probability climbs in a sawtooth; the answer is a number whose
    predecessor does not suffice. Raises InputError for figures that make no sense.
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
    fewest, most = inside(calls, servers, tolerance, alpha)
    if servers == 2:  # the two counts are one: what one server lacks, the other has too much
        fewest, most = max(fewest, calls - most), min(most, calls - fewest)
    if fewest > most:
        return 1.0
    below = 10 ** log10_at_most(fewest - 1, calls, 1 / servers)
    above = 10 ** log10_at_least(most + 1, calls, 1 / servers)
    return float(below + above) * (1 if servers == 2 else servers)


def inside(calls: int, servers: int, tolerance: float, alpha: float) -> tuple[int, int]:
    """The fewest and the most of `calls` with which a server's interval lies inside the allowed band.

    The first is larger than the second when no count does.
    """
    z = simultaneous_z(alpha, servers)
    low, high = band(1 / servers, tolerance)
    # An interval's end meets a limit where the score test does: solved for the count, then settled exactly.
    fewest = min(calls, ceil(calls * low + z * sqrt(calls * low * (1 - low))))
    while fewest > 0 and wilson(fewest - 1, calls, z)[0] >= low:
        fewest -= 1
    while fewest <= calls and wilson(fewest, calls, z)[0] < low:
        fewest += 1
    most = max(0, int(calls * high - z * sqrt(calls * high * (1 - high))))
    while most < calls and wilson(most + 1, calls, z)[1] <= high:
        most += 1
    while most >= 0 and wilson(most, calls, z)[1] > high:
        most -= 1
    return fewest, most


def band(share: float, tolerance: float) -> tuple[float, float]:
    """The shares that still count as the expected one."""
    return share * (1 - tolerance), share * (1 + tolerance)
