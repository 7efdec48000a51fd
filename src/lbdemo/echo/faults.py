"""Faults of one server, set at run time: slow, or sick."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from random import Random

from lbdemo.errors import InputError

MAX_DELAY_MS = 600_000


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with a server: a delay of every call (ms), and the share of calls answered UNAVAILABLE (0 to 1)."""

    delay_ms: int = 0
    unavailable_ratio: float = 0.0

    def strikes(self, chance: Random) -> bool:
        """Whether the next call is one of the unavailable ones."""
        return chance.random() < self.unavailable_ratio

    def to_dict(self) -> dict[str, object]:
        """The record ready for JSON."""
        return asdict(self)


def check_faults(delay_ms: int, unavailable_ratio: float) -> Faults:
    """The faults, when they make sense; raises InputError."""
    if not 0 <= delay_ms <= MAX_DELAY_MS:
        raise InputError(f"a delay of {delay_ms} ms is out of range: it must be from 0 to {MAX_DELAY_MS}")
    if not 0 <= unavailable_ratio <= 1:
        raise InputError(f"an unavailable ratio of {unavailable_ratio} is out of range: it must be from 0 to 1")
    return Faults(delay_ms, unavailable_ratio)
