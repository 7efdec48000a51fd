"""A load that is told to stop by a signal."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from lbdemo.echo.until import LoadReport, report, until_signal
from lbdemo.records import Tally


def nothing() -> LoadReport:
    return report(Tally(), 0, [])


async def until_stopped(stop: asyncio.Event) -> LoadReport:
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(stop.wait(), 5)
    return nothing()


async def looking(_: asyncio.Event) -> LoadReport:
    """The loop has to be woken by the signal itself: Python's handler may come too late for that."""
    descriptor = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(descriptor)
    assert descriptor != -1
    return nothing()


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Who gives a list is told for good: other tests of this process want their own handlers back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("given", [None, []])
def test_a_signal_stops_the_load_and_is_told(given: list[signal.Signals] | None) -> None:
    _, stopped = asyncio.run(until_signal(until_stopped, given))

    assert stopped is signal.SIGTERM


def test_a_signal_wakes_the_loop_whenever_it_comes() -> None:
    asyncio.run(until_signal(looking))

    assert signal.set_wakeup_fd(-1) == -1, "and nothing of it stays"
