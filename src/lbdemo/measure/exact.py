"""Exact binomial tests of a share against a limit, and the interval that they make."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import exp, log, log10

from lbdemo.measure.intervals import log10_at_least, log10_at_most, one_sided_z, wilson

_STEPS = 200
_CLOSE = 1e-7
_FIRST_STEP, _LONGEST_STEP = 0.02, 2.0


def below(calls: int, of: int, limit: float, alpha: float) -> bool:
    """Whether `calls` of `of` prove, but for an error of `alpha`, that the true share is below the limit."""
    if limit >= 1:
        return True
    return bool(of) and log10_at_most(calls, of, limit) <= log10(alpha)


def above(calls: int, of: int, limit: float, alpha: float) -> bool:
    """Whether `calls` of `of` prove, but for an error of `alpha`, that the true share is above the limit."""
    if limit <= 0:
        return True
    return bool(of) and log10_at_least(calls, of, limit) <= log10(alpha)


@lru_cache(maxsize=10_000)  # blocks of one plan have the same few counts
def lowest(calls: int, of: int, alpha: float) -> float:
    """The largest share that `calls` of `of` prove to be exceeded; 0 when there is none.

    C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits", Biometrika 26 (1934), one side.
    """
    if not calls:
        return 0.0
    start = wilson(calls, of, one_sided_z(alpha))[0]
    return _root(lambda share: log10_at_least(calls, of, share) - log10(alpha), start)


def highest(calls: int, of: int, alpha: float) -> float:
    """The smallest share that `calls` of `of` prove not to be reached; 1 when there is none."""
    return 1.0 - lowest(of - calls, of, alpha)


def _root(difference: Callable[[float], float], start: float) -> float:
    """Where the difference, which grows with the share ever more slowly, is 0: by secants, on the scale of the odds."""
    before = log(max(start, 1e-12) / max(1 - start, 1e-12))
    found_before, at = difference(_share(before)), before - _FIRST_STEP
    for _ in range(_STEPS):
        found = difference(_share(at))
        if abs(found) < _CLOSE or at == before:
            break
        slope = (found - found_before) / (at - before)
        step = -found / slope if slope > 0 else -_LONGEST_STEP  # flat where the share leaves nothing to prove
        before, found_before, at = at, found, at + max(-_LONGEST_STEP, min(_LONGEST_STEP, step))
    return _share(at)


def _share(log_odds: float) -> float:
    return 1 / (1 + exp(-max(-500.0, min(30.0, log_odds))))
