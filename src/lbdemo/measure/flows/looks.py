"""Looks at what proxies, servers and sockets count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from lbdemo.errors import InputError
from lbdemo.measure.bands import Source


@dataclass(frozen=True, slots=True)
class Reading:
    """What was counted from one caller to one endpoint.

    Calls since whoever counts them began (`difference`), or connections held at the time (`judge_connections`).
    """

    caller: str
    endpoint: str
    count: int


@dataclass(frozen=True, slots=True)
class Look:
    """What a source showed at one time, `at` in seconds of a clock that only goes forward.

    `error` (0 to 0.1) is how far the source's counts may be off, relative to themselves. `endpoints` are those that
    were read for all callers at once, as servers' own counters are: a caller without a reading there has none. Leave
    them out where each caller counts for itself: what it does not name is then no endpoint of it. A caller that is not
    in a look was not seen, which is not to say that it made no calls. Raises InputError for counts below 0, for a
    reading that is there twice, and for a larger error.
    """

    at: float
    readings: tuple[Reading, ...]
    error: float = 0.0
    endpoints: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        Source(self.error)
        seen: set[tuple[str, str]] = set()
        for reading in self.readings:
            name = reading.caller, reading.endpoint
            if reading.count < 0:
                raise InputError(f"{reading.endpoint} has {reading.count} from {reading.caller}: never below 0")
            if name in seen:
                raise InputError(f"{reading.endpoint} is read twice for {reading.caller} in one look")
            seen.add(name)


def check_order(looks: Sequence[Look]) -> None:
    """Raises InputError for fewer than two looks, or for looks that are not in the order of their time."""
    if len(looks) < 2:
        raise InputError("one look says nothing of what flows: look twice at the least")
    for before, after in pairwise(looks):
        if not before.at < after.at:
            raise InputError(f"a look at {after.at} s follows one at {before.at} s: looks go forward in time")
