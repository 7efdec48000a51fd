"""How many calls a verdict needs where a source of its own exactness counts them, in intervals of time."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from lbdemo.measure.bands import EXACT
from lbdemo.measure.plan import CALLS_TO_ONE_SERVER, LARGEST_TOLERANCE, fewest, miss, plan_calls

if TYPE_CHECKING:
    from lbdemo.measure.bands import Source

PLANNED_POWER = 0.99
"""The power of what is planned: a fair random policy is BALANCED so often."""

FARTHEST = 20
"""So many times the planned calls are advised at most: a share closer to its limit needs no patience."""

_STEPS = 20  # tolerances are offered in steps of 1/20: 0.05


@lru_cache(maxsize=256)
def plan_watch(servers: int, tolerance: float, alpha: float, source: Source) -> int | None:
    """The fewest calls with which a fair random policy is judged BALANCED in 99 of 100 cases.

    As `plan_calls`, for what this source counts, however its error falls: one server's calls may be told too many and
    all others' too few. None when that leaves so little of the tolerance that 20 times the calls of an exact source
    would not do: ± 10 % leave nothing of a tolerance of 0.2. Raises InputError for figures that make no sense.
    """
    exact = plan_calls(servers, tolerance, alpha, PLANNED_POWER)
    if source == EXACT:
        return exact
    if servers == 1:
        return CALLS_TO_ONE_SERVER
    farthest = FARTHEST * exact

    def enough(calls: int) -> bool:
        worst = (miss(calls, servers, tolerance, alpha, source, odds) for odds in (source.odds, 1 / source.odds))
        return all(missed <= 1 - PLANNED_POWER for missed in worst)

    return fewest(enough, servers, farthest) if enough(farthest) else None


def provable_tolerance(servers: int, tolerance: float, alpha: float, source: Source) -> float:
    """The smallest tolerance from this one on (in steps of 0.05) for which there is a plan, as there is for 0.9."""
    steps = range(int(tolerance * _STEPS) + 1, int(LARGEST_TOLERANCE * _STEPS) + 1)
    offered = (tolerance, *(step / _STEPS for step in steps))
    return next(each for each in offered if plan_watch(servers, each, alpha, source) is not None)
