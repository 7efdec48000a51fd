"""The collector's life: from its begin to a signal."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.echo.tracing import check_installed

if TYPE_CHECKING:
    from lbdemo.echo.address import Address
    from lbdemo.echo.collector import Collecting
    from lbdemo.traces import Trace


@dataclass(frozen=True, slots=True)
class Pages:
    """What people see of a collector, as HTML: one trace, and the list of those that there are, the newest first."""

    one: Callable[[Trace], str]
    all: Callable[[Sequence[Trace]], str]


async def collect(otlp: Address, query: Address, ready: Callable[[Collecting], None], pages: Pages) -> int:
    """Takes spans until SIGTERM or SIGINT; returns the exit code, 0. `ready` is called once, when it listens.

    Raises InputError where OpenTelemetry is not installed, OperationFailedError when it cannot listen.
    """
    check_installed("a collector needs")
    from lbdemo.echo.collector import Collecting, answering, taking
    from lbdemo.traces.store import Store

    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    store = Store()
    server, where = taking(store, otlp)
    with answering(store, query, pages) as answers:
        await server.start()
        ready(Collecting(where, answers))
        await stop.wait()
        await server.stop(None)
    return 0
