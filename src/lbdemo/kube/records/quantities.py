"""Kubernetes' quantities, such as 10m or 64Mi."""

from __future__ import annotations

import re

DECIMAL = {"n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
BINARY = {f"{name}i": 1024.0**power for power, name in enumerate("KMGTPE", 1)}


def amount(text: str) -> float:
    """Its value: cores, bytes or a count. Raises ValueError for what is no quantity."""
    number = re.match(r"[+-]?[0-9.]+(?:[eE][+-]?\d+)?", text)
    unit = text[number.end() :] if number else text
    factor = DECIMAL.get(unit, BINARY.get(unit))
    if number is None or factor is None:
        raise ValueError(f"{text!r} is no quantity")
    return float(number[0]) * factor
