"""Before a measurement: are all servers known by now to who tells the client of them?"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from lbdemo.echo.channel import await_connections
from lbdemo.echo.stream_caller import caller
from lbdemo.measure.plan import gate_limit
from lbdemo.records.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    import grpc

    from lbdemo.echo.options import LoadOptions
    from lbdemo.echo.stream_caller import Make
    from lbdemo.records.sample import Sample

PAUSE = 0.5
"""Seconds between two tries."""


class Settling:
    """Calls with a new connection each time, until all servers were seen; they count as calls of the gate.

    A connection that gRPC has looked up once is not looked up again while it lives, and a name server's answer may be
    some seconds old: a client that began too early would measure only the servers that were there first.
    """

    def __init__(
        self,
        options: LoadOptions,
        sink: Callable[[Sample], None],
        dial: Callable[[LoadOptions], grpc.aio.Channel],
        make: Make = caller,
    ) -> None:
        self.tally = Tally()
        self.sent = 0
        self._options = options
        self._sink = sink
        self._dial = dial
        self._make = make

    async def run(self, stop: asyncio.Event) -> None:
        """Returns when all servers were seen, after `options.settle` seconds, or when stopped."""
        servers, deadline = self._options.servers, time.monotonic() + self._options.settle
        while servers > 1 and time.monotonic() < deadline and not stop.is_set():
            if self._all(await self._seen(stop, deadline)):
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), PAUSE)

    def _all(self, seen: set[str]) -> bool:
        """Whether these are all servers, and no others where their names are known."""
        return seen == set(self._options.names) if self._options.names else len(seen) >= self._options.servers

    async def _seen(self, stop: asyncio.Event, deadline: float) -> set[str]:
        """The servers that one new connection shows, in as many calls as a fair choice needs to show them all.

        No call begins after the `deadline`; one that is under way is given up when stopped.
        """
        channel, seen = self._dial(self._options), set[str]()
        try:
            await await_connections([channel], min(self._options.wait, deadline - time.monotonic()), stop)
            own = self._make(channel, 0, self._options)
            for _ in range(gate_limit(self._options.servers)):
                if stop.is_set() or self._all(seen) or time.monotonic() >= deadline:
                    break
                sample = await _unless(stop, own.call(self.sent, time.monotonic(), gate=True))
                if sample is None:
                    break
                self.sent += 1
                self.tally.add(sample)
                self._sink(sample)
                if not sample.ok:
                    break
                seen.add(sample.server)
        finally:
            await channel.close()
        return seen


async def _unless(stop: asyncio.Event, call: Coroutine[None, None, Sample]) -> Sample | None:
    """The call's sample; None when stopped before."""
    calling, stopping = asyncio.create_task(call), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((calling, stopping), return_when=asyncio.FIRST_COMPLETED)
        return calling.result() if calling.done() else None
    finally:
        for task in (calling, stopping):
            task.cancel()
        await asyncio.gather(calling, stopping, return_exceptions=True)
