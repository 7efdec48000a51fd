"""Due times, and waiting for them."""

from __future__ import annotations

import asyncio
import selectors
import time
from random import Random
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from lbdemo.echo.options import LoadOptions


class Schedule(Protocol):
    """When calls are due, on the monotonic clock. However late they leave, the times never shift: the loop is open."""

    def next(self) -> float:
        """The next due time; each is given once."""


class Grid:
    """Due times `interval` seconds apart from `start` on; with 0, every call is due at once.

    Of several processes that share a grid (`of`), the one with number `index` gets every so-manieth time.
    """

    def __init__(self, interval: float, start: float | None = None, index: int = 0, of: int = 1) -> None:
        self._start = time.monotonic() if start is None else start
        self._interval = interval
        self._next, self._of = index, of

    def next(self) -> float:
        """The next due time; each is given once."""
        if not self._interval:
            return time.monotonic()
        due = self._start + self._next * self._interval
        self._next += self._of
        return due


class Poisson:
    """Due times as of many callers who know nothing of each other: gaps are exponential, `interval` seconds on average.

    Several such processes side by side are one again, whose rate is the sum of theirs.
    """

    def __init__(self, interval: float, start: float | None = None, chance: Random | None = None) -> None:
        self._due = time.monotonic() if start is None else start
        self._rate = 1 / interval
        self._chance = chance or Random()

    def next(self) -> float:
        """The next due time; each is given once."""
        self._due += self._chance.expovariate(self._rate)
        return self._due


def schedule(options: LoadOptions, start: float, index: int = 0, of: int = 1) -> Schedule:
    """The due times that the options ask for, or the part of them that is due to one of several processes."""
    if options.arrivals == "poisson" and options.interval:
        return Poisson(options.interval * of, start)
    return Grid(options.interval, start, index, of)


class Sleepers:
    """Tasks that wait for their time, and can all be woken early."""

    def __init__(self) -> None:
        self._sleepers: set[asyncio.Future[None]] = set()

    async def until(self, due: float) -> None:
        """Returns at `due` on the monotonic clock (at once when that has passed), or when woken."""
        if due <= time.monotonic():
            return
        loop = asyncio.get_running_loop()
        sleeper = loop.create_future()
        timer = loop.call_at(due, _finish, sleeper)
        self._sleepers.add(sleeper)
        try:
            await sleeper
        finally:
            self._sleepers.discard(sleeper)
            timer.cancel()

    def wake(self) -> None:
        """Wakes all that sleep now."""
        for sleeper in self._sleepers:
            _finish(sleeper)


def loop_for(interval: float) -> asyncio.AbstractEventLoop:
    """The event loop for calls `interval` seconds apart.

    For due times one whose timer is good to a tenth of a millisecond: select counts microseconds, epoll milliseconds.
    Without due times the usual one, which costs less for each call.
    """
    return asyncio.SelectorEventLoop(selectors.SelectSelector()) if interval else asyncio.new_event_loop()


def _finish(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)
