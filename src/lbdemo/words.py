"""Numbers as people read them."""

from __future__ import annotations

from math import floor, isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_NAMES = 4


def number(value: int) -> str:
    """A count with its thousands apart: 12,600."""
    return f"{value:,}"


def count(value: int, noun: str) -> str:
    """A count with its noun: 1 call, 950 calls."""
    return f"{number(value)} {noun}{'' if value == 1 else 's'}"


def percent(share: float) -> str:
    """A share of one: 33.3 %; never 0.0 % or 100.0 % for what is not exactly that."""
    value = share * 100
    if value in (0, 100):
        return f"{value:.0f} %"
    decimals = 1
    while decimals < 6 and float(f"{value:.{decimals}f}") in (0, 100):
        decimals += 1
    return f"{value:.{decimals}f} %"


def figure(value: float) -> str:
    """A figure without a unit, with three digits: 0.0011, 2.07, 2,094."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def duration(seconds: float) -> str:
    """A time span with three digits and the fitting unit: 850 µs, 1.24 ms, 12.3 s, 2 min 5 s."""
    if seconds < 0 or not isfinite(seconds):
        return str(seconds)
    for factor, unit in ((1e6, "µs"), (1e3, "ms"), (1, "s")):
        shown = _three_digits(seconds * factor)
        if float(shown) < (1000 if unit != "s" else 60):
            return f"{shown} {unit}"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def once_in(log10_probability: float) -> str:
    """A probability, given by its log10, as a frequency: "once in 500 tries", "once in 10^285 tries"."""
    exponent = -log10_probability
    if exponent == float("inf"):
        return "never"
    if exponent >= 6:
        # Rounded down: rather too often than too seldom. The hair makes 10^-6 the sixth power that it is.
        return f"once in 10^{floor(exponent + 1e-9)} tries"
    tries = round(10**exponent)
    return f"once in {number(tries)} tries" if tries > 1 else "nearly always"


def listing(names: Sequence[str]) -> str:
    """A list of names that stays short: a, b, c, d and 3 more."""
    if len(names) > _NAMES:
        return f"{', '.join(names[:_NAMES])} and {len(names) - _NAMES} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _three_digits(value: float) -> str:
    if value >= 99.95:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"
