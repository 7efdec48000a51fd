from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from echo_server import running

from lbdemo.echo.faults import Faults
from lbdemo.echo.load import run_load
from lbdemo.echo.options import LoadOptions
from lbdemo.echo.peer import read_stats, set_faults
from lbdemo.errors import InputError, OperationFailedError

if TYPE_CHECKING:
    from lbdemo.echo.peer import ServerStats


def test_the_counts_of_a_run_are_read() -> None:
    async def story() -> ServerStats:
        async with running("pod-a") as server:
            target = str(server.address)
            await run_load(LoadOptions(target, interval=0, count=4, run="mine"), lambda _: None)
            return await asyncio.to_thread(read_stats, str(server.admin), "mine")

    stats = asyncio.run(story())

    assert (stats.server, stats.received, stats.answered, stats.failed) == ("pod-a", 4, 4, 0)
    assert (stats.streams, stats.streams_open, stats.stream_answers) == (0, 0, 0)
    calls = {"server", "answered", "failed", "started", "received", "retries"}
    assert stats.to_dict().keys() == calls | {"streams", "streams_open", "stream_answers"}


def test_faults_are_set_and_healed() -> None:
    async def story() -> tuple[Faults, Faults]:
        async with running() as server:
            target = str(server.admin)
            sick = await asyncio.to_thread(set_faults, target, 20, 0.5)
            return sick, await asyncio.to_thread(set_faults, target)

    assert asyncio.run(story()) == (Faults(20, 0.5), Faults())


def test_values_without_sense_do_not_reach_the_server() -> None:
    with pytest.raises(InputError):
        set_faults("127.0.0.1:1", unavailable_ratio=2)


def test_a_server_that_is_away_is_an_error_with_its_reason() -> None:
    with pytest.raises(OperationFailedError, match="Connection refused"):
        read_stats("127.0.0.1:1", timeout=2)
