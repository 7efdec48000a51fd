"""Intervals and tail probabilities, these as logarithms: for a pinned client, 10^-3000 is nothing special."""

from __future__ import annotations

from functools import lru_cache
from math import exp, inf, lgamma, log, log1p, sqrt
from statistics import NormalDist

_NEGLIGIBLE = 1e-17
_CLOSE = 1e-15
_TINY = 1e-300
"""Stands where Lentz's method would divide by 0."""
_LN10 = log(10)


def simultaneous_z(alpha: float, intervals: int) -> float:
    """Normal quantile for two-sided intervals that hold all together but for `alpha` (Bonferroni)."""
    return -NormalDist().inv_cdf(alpha / (2 * intervals))


def one_sided_z(alpha: float) -> float:
    """Normal quantile that is exceeded with probability `alpha`."""
    return -NormalDist().inv_cdf(alpha)


def wilson(calls: float, of: float, z: float) -> tuple[float, float]:
    """Wilson's score interval for a share: `calls` of `of`, at the normal quantile `z`. (0, 1) of nothing.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
    """
    if of <= 0:
        return 0.0, 1.0
    share = calls / of
    center = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    # At the ends the formula gives exactly 0 and 1, were it not for rounding.
    low = 0.0 if calls <= 0 else max(0.0, center - half)
    high = 1.0 if calls >= of else min(1.0, center + half)
    return low, high


def log10_at_least(calls: int, of: int, chance: float) -> float:
    """log10 of the probability of `calls` or more in `of` tries, each with `chance` (0 < chance < 1)."""
    return _ln_at_least(calls, of, chance) / _LN10


def log10_at_most(calls: int, of: int, chance: float) -> float:
    """log10 of the probability of `calls` or fewer in `of` tries, each with `chance` (0 < chance < 1)."""
    return _ln_at_least(of - calls, of, 1 - chance) / _LN10


def log10_chi_square_tail(chi_square: float, degrees: int) -> float:
    """log10 of the probability that chi-square with so many degrees of freedom is this large or larger."""
    a, x = degrees / 2, chi_square / 2
    if x <= 0:
        return 0.0
    # Incomplete gamma function, the series below a + 1 and the continued fraction above, where each
    # converges fast: Abramowitz and Stegun, Handbook of Mathematical Functions, 6.5.29 and 6.5.31.
    ln_front = a * log(x) - x - lgamma(a)
    if x < a + 1:
        return log1p(-min(exp(ln_front) * _gamma_series(a, x), 1 - 1e-16)) / _LN10
    return (ln_front + log(_gamma_fraction(a, x))) / _LN10


def chi_square_tail(chi_square: float, degrees: int) -> float:
    """The probability that chi-square is this large or larger; below about 10^-308 it comes out as 0."""
    return float(10 ** log10_chi_square_tail(chi_square, degrees))


@lru_cache(maxsize=4096)  # blocks of one plan ask for the same few counts
def _ln_at_least(calls: int, of: int, chance: float) -> float:
    if calls <= 0:
        return 0.0
    if calls > of:
        return -inf
    if calls <= of * chance:  # the other side is the smaller one, and the one that converges
        return log1p(-exp(_ln_at_least(of - calls + 1, of, 1 - chance)))
    ln_first = (
        lgamma(of + 1)
        - lgamma(calls + 1)
        - lgamma(of - calls + 1)
        + calls * log(chance)
        + (of - calls) * log1p(-chance)
    )
    return min(0.0, ln_first + log(_relative_tail(calls, of, chance)))


def _relative_tail(calls: int, of: int, chance: float) -> float:
    """The binomial probabilities of `calls` and more together, relative to the first: beyond the mean.

    The incomplete beta function's continued fraction, by the modified Lentz method: some dozens of steps, where the sum
    has thousands of terms. Abramowitz and Stegun, Handbook of Mathematical Functions, 26.5.8.
    """
    a, b = calls, of - calls + 1
    c, d = 1.0, 1 / (1 - (a + b) * chance / (a + 1) or _TINY)
    value, change, m, twice = d, 0.0, 0, a
    while change < 1 - _CLOSE or change > 1 + _CLOSE:  # no calls of functions here: judging is mostly this loop
        m += 1
        twice += 2  # a + 2 m
        even = m * (b - m) * chance / ((twice - 1) * twice)
        d, c = 1 / (1 + even * d or _TINY), 1 + even / c or _TINY
        value *= d * c
        odd = -(a + m) * (a + b + m) * chance / (twice * (twice + 1))
        d, c = 1 / (1 + odd * d or _TINY), 1 + odd / c or _TINY
        change = d * c
        value *= change
    return (1 - chance) * value


def _gamma_series(a: float, x: float) -> float:
    term = total = 1 / a
    step = a
    while term > total * _NEGLIGIBLE:
        step += 1
        term *= x / step
        total += term
    return total


def _gamma_fraction(a: float, x: float) -> float:
    """The continued fraction 1/(x+1-a- 1(1-a)/(x+3-a- 2(2-a)/(x+5-a- ...))), by the modified Lentz method."""
    b = x + 1 - a
    c, d = inf, 1 / b
    value = d
    step = 0
    change = 0.0
    while abs(change - 1) > _CLOSE:
        step += 1
        numerator = -step * (step - a)
        b += 2
        d = 1 / (numerator * d + b or _TINY)
        c = b + numerator / c or _TINY
        change = c * d
        value *= change
    return value
