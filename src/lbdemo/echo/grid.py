"""Due times, and waiting for them."""

from __future__ import annotations

import asyncio
import selectors
import time


class Grid:
    """Due times `interval` seconds apart, on the monotonic clock, from now on; with 0, every call is due at once.

    The times never shift, however late the calls leave: that is what makes the loop open.
    """

    def __init__(self, interval: float) -> None:
        self._start = time.monotonic()
        self._interval = interval
        self._given = 0

    def next(self) -> float:
        """The next due time; each is given once."""
        if not self._interval:
            return time.monotonic()
        self._given += 1
        return self._start + (self._given - 1) * self._interval


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
