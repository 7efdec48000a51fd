"""Makes load and measures it: an open loop on a fixed grid of due times, or closed loops as fast as they go."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.echo.caller import Caller
from lbdemo.echo.channel import await_connections, open_channel
from lbdemo.echo.grid import Grid, Sleepers, loop_for
from lbdemo.echo.settling import Settling
from lbdemo.measure.block import Measurement
from lbdemo.measure.plan import gate_limit

if TYPE_CHECKING:
    from collections.abc import Callable

    from lbdemo.echo.options import LoadOptions
    from lbdemo.records.sample import Sample
    from lbdemo.records.summary import Summary
    from lbdemo.records.tally import Tally

    Sink = Callable[[Sample], None]

__all__ = ["LoadReport", "loop_for", "run_load", "run_until_signal"]

STOP_GRACE = 2.0
"""Seconds that calls in flight get to finish when the load is stopped."""

BREATH = 0.01
"""Seconds that a closed loop waits after a call that nobody answered, so as not to spin while a server is away."""

GATE_SPAN = 0.5
"""Seconds that a gate takes at least before it gives up: connections to all servers need time to come up."""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load came to. `abandoned` calls were still in flight at the end; they are no part of `summary`.

    `reasons` has, for each status code, what gRPC said to its first failure.
    """

    summary: Summary
    abandoned: int
    reasons: tuple[tuple[str, str], ...]


async def run_load(
    options: LoadOptions, sink: Sink, stop: asyncio.Event | None = None, grace: float = STOP_GRACE
) -> LoadReport:
    """Calls as told until `options.count` is reached or `stop` is set; each call's Sample goes to `sink`.

    When stopped, calls in flight get `grace` seconds to finish. Never fails because of a call. What `sink` raises ends
    the load and is raised here. Due times are as precise as the running event loop's timer: about 1 ms with asyncio's
    own, about 0.1 ms with that of `loop_for`.
    """
    stop = stop or asyncio.Event()
    settling = Settling(options, sink)
    await settling.run(stop)
    channels = [open_channel(options) for _ in range(options.connections)]
    callers = [Caller(channel, number, options) for number, channel in enumerate(channels)]
    load = _Load(options, callers, sink, settling.tally, settling.sent)
    try:
        await await_connections(channels, options.wait, stop)
        await load.run(stop, grace)
    finally:
        await asyncio.gather(*(channel.close() for channel in channels))
    reasons = {code: reason for caller in callers for code, reason in caller.reasons.items()}
    return LoadReport(load.tally.summary(), load.in_flight, tuple(sorted(reasons.items())))


async def run_until_signal(
    options: LoadOptions, sink: Sink, received: list[signal.Signals] | None = None
) -> tuple[LoadReport, signal.Signals | None]:
    """`run_load` in the process's main thread, stopped by SIGTERM or SIGINT; returns also the signal, if any.

    Signals go to `received` at once, even while the sink holds the event loop up.
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    got = [] if received is None else received

    def on_signal(number: int, _: object) -> None:
        got.append(signal.Signals(number))
        loop.call_soon_threadsafe(stop.set)

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        report = await run_load(options, sink, stop)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return report, got[0] if got else None


class _Load:
    """First the gate, then the block; each with `options.concurrency` workers, so that at most so many calls fly."""

    def __init__(self, options: LoadOptions, callers: list[Caller], sink: Sink, tally: Tally, sent: int) -> None:
        self.tally = tally
        self.in_flight = 0
        self._options = options
        self._callers = callers
        self._sink = sink
        self._measurement = Measurement(options.servers, options.count or sys.maxsize)
        self._sleepers = Sleepers()
        self._sent = sent
        self._stopped = False

    async def run(self, stop: asyncio.Event, grace: float) -> None:
        """Runs to the end, or until stopped; raises what the sink raises."""
        if stop.is_set():
            return
        phases, stopping = asyncio.create_task(self._phases()), asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((phases, stopping), return_when=asyncio.FIRST_COMPLETED)
            self._stopped = True
            self._sleepers.wake()
            await asyncio.wait((phases,), timeout=grace)
            if phases.done():
                phases.result()
        finally:
            await _cancel(phases, stopping)

    async def _phases(self) -> None:
        interval, servers = self._options.interval, self._options.servers
        if servers:
            slowest = GATE_SPAN / gate_limit(servers)
            await self._workers(Grid(max(interval, slowest)), lambda: not self._measurement.in_gate)
        await self._workers(Grid(interval), lambda: self._measurement.all_sent)

    async def _workers(self, grid: Grid, over: Callable[[], bool]) -> None:
        workers = [asyncio.create_task(self._work(grid, over)) for _ in range(self._options.concurrency)]
        try:
            await asyncio.gather(*workers)
        finally:
            await _cancel(*workers)

    async def _work(self, grid: Grid, over: Callable[[], bool]) -> None:
        while not (self._stopped or over()):
            due = grid.next()
            await self._sleepers.until(due)
            if self._stopped or over():
                break
            await self._call(due, self._measurement.next_is_gate())
        self._sleepers.wake()  # nobody needs to wait for a turn that will not come

    async def _call(self, due: float, gate: bool) -> None:
        seq = self._sent
        self._sent += 1
        self.in_flight += 1
        sample = await self._callers[seq % len(self._callers)].call(seq, due, gate)
        self.in_flight -= 1
        self._measurement.observe(sample)
        self.tally.add(sample)
        self._sink(sample)
        if not (sample.ok or sample.server or self._options.interval or self._stopped):
            await self._sleepers.until(time.monotonic() + BREATH)


async def _cancel(*tasks: asyncio.Task[None] | asyncio.Task[bool]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
