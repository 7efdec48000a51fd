from __future__ import annotations

import asyncio
import contextlib

import pytest

from lbdemo.echo.open_streams import OpenStreams


def test_a_stream_whose_client_has_gone_is_answered_no_more() -> None:
    async def story() -> bool:
        answering = asyncio.create_task(asyncio.sleep(60))
        stream = asyncio.create_task(OpenStreams().until_its_end(wait_for(answering)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        stream.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await stream
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return answering.cancelled()

    assert asyncio.run(story())


async def wait_for(task: asyncio.Task[None]) -> None:
    await task


def test_a_stream_that_was_answered_to_its_end_has_ended_well() -> None:
    assert asyncio.run(OpenStreams().until_its_end(asyncio.sleep(0)))


def test_what_goes_wrong_in_a_stream_is_raised() -> None:
    async def wrong() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(OpenStreams().until_its_end(wrong()))


def test_leaving_ends_those_that_are_open_and_those_that_come() -> None:
    async def story() -> tuple[bool, bool]:
        streams = OpenStreams()
        open_one = asyncio.create_task(streams.until_its_end(asyncio.sleep(60)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        streams.leave()
        return await open_one, await streams.until_its_end(asyncio.sleep(0))

    assert asyncio.run(story()) == (False, False)
