"""What a Prometheus keeps of the servers' counters: looks that it took by itself, and what came before the watch."""

from __future__ import annotations

from dataclasses import dataclass

from lbdemo.diagnose.looks import MetricsLook
from lbdemo.measure.flows.watched import FEWEST_INTERVALS

FEWEST_LOOKS = FEWEST_INTERVALS + 1
TURNS = 13
"""So many looks are judged where the watch has too few: 12 intervals, as many as other sources have at the most."""


@dataclass(frozen=True, slots=True)
class Period:
    """The calls that each pod got from `start` to `end`, in seconds since watching began (below 0: before it).

    Pods that were not there all the time are not in it.
    """

    start: float
    end: float
    calls: tuple[tuple[str, int], ...]  # by pod, as namespace/name


@dataclass(frozen=True, slots=True)
class Scrapes:
    """What the Prometheus at `where` (its address, or NAMESPACE/SERVICE:PORT) keeps of the ready servers' calls.

    `looks` are those that it took every `step` seconds at the series of the name `source`: some were taken before
    watching began, `at` below 0. Pods of one turn were looked at within one step. `source` and `where` are "" where
    none of those that were `asked` (as `where`) knows the servers.
    """

    where: str = ""
    asked: tuple[str, ...] = ()
    source: str = ""
    step: float = 0.0
    looks: tuple[MetricsLook, ...] = ()
    history: tuple[Period, ...] = ()

    @property
    def name(self) -> str:
        """As a source of counts is named."""
        return f"Prometheus {self.where} ({self.source})"


def place(where: str) -> tuple[str, ...]:
    """Namespace and name of a Prometheus' Service; () for one that was asked at an address of its own."""
    return () if "://" in where else tuple(where.rpartition(":")[0].split("/"))


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when calls were counted that did not come while it was watched, as `Period`; `step`: how often."""

    start: float
    end: float
    step: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.start


def judged_looks(scrapes: Scrapes, watched: float) -> tuple[tuple[MetricsLook, ...], Window | None]:
    """The looks of the watch, if those are enough to tell how much a total varies; else the last ones, and of when.

    A Prometheus looks every 15 to 60 s, which is seldom often enough for a short watch.
    """
    before = {look.turn for look in scrapes.looks if look.at < 0}
    during = {look.turn for look in scrapes.looks if look.at <= watched} - before
    if len(during) >= FEWEST_LOOKS:
        return tuple(look for look in scrapes.looks if look.turn in during), None
    last = sorted({look.turn for look in scrapes.looks})[-TURNS:]
    looks = tuple(look for look in scrapes.looks if look.turn in last)
    times = [look.at for look in looks]
    return looks, Window(min(times), max(times), scrapes.step) if times else None
