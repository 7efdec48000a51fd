"""Time spans as they are typed: 90, 90s, 250ms, 5m or 1h30m."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite

from lbdemo.errors import InputError

DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?")
SECONDS: Mapping[str, float] = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}
LONGEST = 86_400.0


def seconds(text: str) -> float:
    """A duration in seconds; raises InputError when it is none, not positive, or more than a day."""
    total = span(text)
    if not 0 < total <= LONGEST:
        raise InputError(f"{text!r} is out of range", "a duration lies between 1ms and 24h")
    return total


def span(text: object) -> float:
    """The same without limits: 0 is a span, too. Takes a number as it is."""
    if isinstance(text, (int, float)):
        return float(text)
    parts = DURATION.findall(str(text))
    if parts and "".join(number + unit for number, unit in parts) == text:
        return sum(float(number) * SECONDS[unit] for number, unit in parts)
    try:
        value = float(str(text))
    except ValueError:
        value = -1.0
    if not isfinite(value) or value < 0:
        raise InputError(
            f"{text!r} is not a duration", "give seconds, or a number with ms, s, m or h, such as 90s or 5m"
        )
    return value
