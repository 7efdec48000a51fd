"""Makes load and measures it: connections, settling, gate and block, and the end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lbdemo.echo.channel import await_connections, open_channel
from lbdemo.echo.connections import Connections
from lbdemo.echo.drive import Alone, Drive, Team, cancel
from lbdemo.echo.grid import loop_for
from lbdemo.echo.settling import Settling
from lbdemo.echo.stream_caller import caller
from lbdemo.echo.until import LoadReport, report, until_signal

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable

    import grpc

    from lbdemo.echo.options import LoadOptions
    from lbdemo.echo.stream_caller import Make
    from lbdemo.records.sample import Sample

    Sink = Callable[[Sample], None]
    Dial = Callable[[LoadOptions], grpc.aio.Channel]

__all__ = ["LoadReport", "loop_for", "run_load", "run_until_signal"]

STOP_GRACE = 2.0
"""Seconds that calls in flight get to finish when the load is stopped."""


def nothing() -> None:
    """What a sink has to do at the end of a turn that keeps nothing back."""


async def run_load(
    options: LoadOptions,
    sink: Sink,
    stop: asyncio.Event | None = None,
    grace: float = STOP_GRACE,
    flush: Callable[[], None] = nothing,
    team: Team | None = None,
    dial: Dial = open_channel,
    make: Make = caller,
) -> LoadReport:
    """Calls as told until `options.count` is reached or `stop` is set; each call's Sample goes to `sink`.

    `flush` is called once a turn of the event loop in which there were samples. When stopped, calls in flight get
    `grace` seconds to finish. Never fails because of a call. What `sink` or `flush` raise ends the load and is raised
    here. Due times are as precise as the running event loop's timer: about 1 ms with asyncio's own, about 0.1 ms with
    that of `loop_for`. `team` is what this process shares the load with, `dial` opens the connections, `make` makes who
    calls through them.
    """
    stop, team = stop or asyncio.Event(), team or Alone()
    outlet = Outlet(sink, flush)
    make = with_traces(make) if options.trace else make
    settling = Settling(options, outlet.put, dial, make)
    if not team.index:
        await settling.run(stop)
    connections = Connections(options, dial, team.index, team.of, make)

    def note(sample: Sample) -> None:
        settling.tally.add(sample)
        outlet.put(sample)

    drive = Drive(options, connections.callers, note, settling.sent, team)
    outlet.failed = drive.fail
    watching = asyncio.create_task(connections.watch())
    try:
        await await_connections(connections.channels, options.wait, stop)
        await drive.run(stop, grace)
    finally:
        await cancel(watching)
        await connections.close()
    outlet.empty()
    return report(settling.tally, drive.in_flight, [caller.reasons for caller in connections.callers])


def with_traces(make: Make) -> Make:
    """Makes callers as `make` does, with a span for each call."""
    from lbdemo.echo.traced import Traced  # OpenTelemetry takes 0.4 s to import

    return lambda channel, connection, options: Traced(make(channel, connection, options), options)


class Outlet:
    """Hands samples on, and says when a turn of the event loop is over in which there were some."""

    def __init__(self, sink: Sink, flush: Callable[[], None]) -> None:
        self.failed: Callable[[Exception], None] | None = None
        self._sink, self._flush = sink, flush
        self._due: asyncio.Handle | None = None

    def put(self, sample: Sample) -> None:
        """Hands a sample on at once; the turn's end comes later."""
        self._sink(sample)
        if self._due is None:
            self._due = asyncio.get_running_loop().call_soon(self._at_the_end)

    def _at_the_end(self) -> None:
        try:
            self.empty()
        except Exception as error:
            if self.failed is None:
                raise
            self.failed(error)

    def empty(self) -> None:
        """Calls `flush` now, if it is due."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
            self._flush()


async def run_until_signal(
    options: LoadOptions,
    sink: Sink,
    received: list[signal.Signals] | None = None,
    flush: Callable[[], None] = nothing,
    make: Make = caller,
) -> tuple[LoadReport, signal.Signals | None]:
    """`run_load` in the process's main thread, stopped by SIGTERM or SIGINT; returns also the signal, if any."""
    return await until_signal(lambda stop: run_load(options, sink, stop, flush=flush, make=make), received)
