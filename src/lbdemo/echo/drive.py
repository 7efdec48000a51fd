"""Sends the calls: one dispatcher that starts a task a call at its due time, or closed loops as fast as they go."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lbdemo.echo.grid import Grid, Schedule, Sleepers, schedule
from lbdemo.echo.options import MAX_CONCURRENCY
from lbdemo.measure.block import Measurement
from lbdemo.measure.plan import gate_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from lbdemo.echo.caller import Caller
    from lbdemo.echo.options import LoadOptions
    from lbdemo.records.sample import Sample

BREATH = 0.01
"""Seconds that a closed loop waits after a call that nobody answered, so as not to spin while a server is away."""

GATE_SPAN = 0.5
"""Seconds that a gate takes at least before it gives up where a channel has connections that may still come up."""


@dataclass(frozen=True, slots=True)
class Go:
    """When the block begins (on the monotonic clock), and the sequence number of its first call."""

    start: float
    first: int


class Team(Protocol):
    """The processes that share a load: this one is number `index` of `of`. Only number 0 settles and has a gate."""

    index: int
    of: int

    async def go(self, sent: int) -> Go | None:
        """Waits until all are ready; `sent` calls were made so far. None: stop instead."""


class Alone:
    """A load in one process."""

    index, of = 0, 1

    async def go(self, sent: int) -> Go:
        """Nobody is waited for."""
        return Go(time.monotonic(), sent)


class Drive:
    """First the gate, then the block. On the grid a call in flight holds no other up, unless the cap is reached."""

    def __init__(
        self, options: LoadOptions, callers: Sequence[Caller], sink: Callable[[Sample], None], sent: int, team: Team
    ) -> None:
        self.in_flight = 0
        self._options, self._callers, self._sink, self._team = options, callers, sink, team
        self._measurement = Measurement(options.servers, options.count or sys.maxsize)
        self._sleepers = Sleepers()
        self._freed = asyncio.Event()
        self._calls: set[asyncio.Task[None]] = set()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._next, self._step, self._turn = sent, 1, 0
        self._stopped = False

    async def run(self, stop: asyncio.Event, grace: float) -> None:
        """Runs to the end, or until stopped; raises what the sink raises, or what `fail` was told."""
        if stop.is_set():
            return
        phases, stopping = asyncio.create_task(self._phases()), asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((phases, stopping, self._failed), return_when=asyncio.FIRST_COMPLETED)
            self._stopped = True
            self._wake()
            for caller in self._callers:
                caller.end()
            await asyncio.wait((phases, self._failed), timeout=grace, return_when=asyncio.FIRST_COMPLETED)
            for ended in (self._failed, phases):
                if ended.done():
                    ended.result()
        finally:
            self._failed.cancel()
            await cancel(phases, stopping, *self._calls)

    def fail(self, error: Exception) -> None:
        """Ends the load; `run` raises the error."""
        if not self._failed.done():
            self._failed.set_exception(error)

    async def _phases(self) -> None:
        options = self._options
        if options.servers:
            limit = gate_limit(options.servers)
            grid = Grid(max(options.interval, GATE_SPAN / limit if options.reaches_several else 0.0))
            last = self._next + limit
            await self._phase(grid, lambda: not self._measurement.in_gate or self._next >= last)
        go = await self._team.go(self._next)
        if go is not None:
            self._next, self._step = go.first + self._team.index, self._team.of
            due = schedule(options, go.start, self._team.index, self._team.of)
            await self._phase(due, lambda: self._measurement.all_sent)

    async def _phase(self, due: Schedule, over: Callable[[], bool]) -> None:
        if self._options.interval:
            await self._dispatch(due, over)
        else:
            await self._loops(due, over)

    async def _dispatch(self, schedule: Schedule, over: Callable[[], bool]) -> None:
        """Starts a task for each call at its due time; all that are due by now in one turn of the event loop."""
        now, most = 0.0, self._options.concurrency or MAX_CONCURRENCY
        while not (self._stopped or over()):
            due = schedule.next()
            if due > now:
                await (self._sleepers.until(due) if due > time.monotonic() else asyncio.sleep(0))
                now = time.monotonic()
            while self.in_flight >= most and not self._stopped:
                self._freed.clear()
                await self._freed.wait()
            if self._stopped or over():
                break
            self._start(due)
        if self._calls:
            await asyncio.wait(self._calls)

    def _start(self, due: float) -> None:
        task = asyncio.create_task(self._next_call(due))
        self._calls.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._calls.discard(task)
        self._freed.set()
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self.fail(error)

    async def _loops(self, schedule: Schedule, over: Callable[[], bool]) -> None:
        loops = [asyncio.create_task(self._loop(schedule, over)) for _ in range(self._options.concurrency or 1)]
        try:
            await asyncio.gather(*loops)
        finally:
            await cancel(*loops)

    async def _loop(self, schedule: Schedule, over: Callable[[], bool]) -> None:
        while not (self._stopped or over()):
            due = schedule.next()
            await self._sleepers.until(due)
            if self._stopped or over():
                break
            await self._next_call(due)
        self._sleepers.wake()  # nobody needs to wait for a turn that will not come

    def _next_call(self, due: float) -> Coroutine[None, None, None]:
        """The next call, numbered and counted from now on, though a task of its own begins only in the next turn."""
        seq, caller = self._next, self._callers[self._turn % len(self._callers)]
        self._next += self._step
        self._turn += 1
        self.in_flight += 1
        return self._call(caller, seq, due, self._measurement.next_is_gate())

    async def _call(self, caller: Caller, seq: int, due: float, gate: bool) -> None:
        sample = await caller.call(seq, due, gate)
        self.in_flight -= 1
        self._measurement.observe(sample)
        self._sink(sample)
        if gate and not self._measurement.in_gate:
            self._sleepers.wake()
        if not (sample.ok or sample.server or self._options.interval or self._stopped):
            await self._sleepers.until(time.monotonic() + BREATH)

    def _wake(self) -> None:
        self._sleepers.wake()
        self._freed.set()


async def cancel(*tasks: asyncio.Task[None] | asyncio.Task[bool]) -> None:
    """Cancels the tasks, and waits until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
