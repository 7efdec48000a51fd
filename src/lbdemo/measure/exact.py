"""Exact binomial tests of a share against a limit, and the interval that they make."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log, log10

from lbdemo.measure.intervals import log10_at_least, log10_at_most, one_sided_z, wilson

_STEPS = 60
_CLOSE = 1e-7


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
    """Where the difference, which grows with the share, is 0: by false position, on the scale of the odds.

    The Illinois algorithm: G. Dahlquist and A. Bjoerck, Numerical Methods, 1974, 6.4.3.
    """
    middle = log(max(start, 1e-12) / max(1 - start, 1e-12))
    low, high, step = middle, middle, 0.02
    while (below_zero := difference(_share(low))) > 0:
        low, step = low - step, 2 * step
    step = 0.02
    while (above_zero := difference(_share(high))) < 0:
        high, step = high + step, 2 * step
    for _ in range(_STEPS):
        if high - low < _CLOSE or above_zero - below_zero < _CLOSE:
            break
        middle = high - above_zero * (high - low) / (above_zero - below_zero)
        found = difference(_share(middle))
        if found < 0:
            low, below_zero, above_zero = middle, found, above_zero / 2
        else:
            high, above_zero, below_zero = middle, found, below_zero / 2
        if abs(found) < _CLOSE:
            return _share(middle)
    return _share(low)


def _share(log_odds: float) -> float:
    return 1 / (1 + exp(-max(-500.0, min(30.0, log_odds))))
