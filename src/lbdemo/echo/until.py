"""What a load comes to, and its end by a signal; without gRPC, which the parent of several processes must not load."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from lbdemo.records.summary import Summary
    from lbdemo.records.tally import Tally


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load came to. `abandoned` calls were still in flight at the end; they are no part of `summary`.

    `reasons` has, for each status code, what gRPC said to its first failure.
    """

    summary: Summary
    abandoned: int
    reasons: tuple[tuple[str, str], ...]


def report(tally: Tally, abandoned: int, reasons: list[dict[str, str]]) -> LoadReport:
    """What a load came to; of several reasons for a code the last is told."""
    said = {code: reason for each in reasons for code, reason in each.items()}
    return LoadReport(tally.summary(), abandoned, tuple(sorted(said.items())))


async def until_signal(
    load: Callable[[asyncio.Event], Coroutine[None, None, LoadReport]], received: list[signal.Signals] | None = None
) -> tuple[LoadReport, signal.Signals | None]:
    """Runs a load in the process's main thread, stopped by SIGTERM or SIGINT.

    Signals go to `received` at once, even while the sink holds the event loop up. Who gives it goes on being told in
    this way after the load has ended: what is written then must not be cut off by a signal that came too late.
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    got = [] if received is None else received

    def on_signal(number: int, _: object) -> None:
        got.append(signal.Signals(number))
        with contextlib.suppress(RuntimeError):  # the loop is closed: the load has ended
            loop.call_soon_threadsafe(stop.set)

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with woken_by_signals(loop):
            report = await load(stop)
    finally:
        for number, handler in before.items() if received is None else ():
            signal.signal(number, handler)
    return report, got[0] if got else None


@contextlib.contextmanager
def woken_by_signals(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """A signal wakes the loop, also one that comes just before it goes to sleep.

    Python runs a handler between two of its own instructions. A signal that arrives after the last one, and before
    the system call that waits, interrupts nothing: it would be heard when the loop wakes for something else.
    """
    heard, told = socket.socketpair()
    with heard, told:
        for end in (heard, told):
            end.setblocking(False)
        loop.add_reader(heard, lambda: heard.recv(64))
        before = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            loop.remove_reader(heard)
