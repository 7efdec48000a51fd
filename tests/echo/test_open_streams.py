from __future__ import annotations

import asyncio
import contextlib

import pytest

from lbdemo.echo.open_streams import OpenStreams, whole


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


def test_what_is_being_sent_is_sent_before_a_stream_ends() -> None:
    """gRPC refuses to end one in the midst of a message, which then stayed open for all of the grace."""

    async def story() -> tuple[list[str], bool]:
        said, streams = list[str](), OpenStreams()

        async def sending() -> None:
            said.append("begun")
            await asyncio.sleep(0.05)
            said.append("sent")

        open_one = asyncio.create_task(streams.until_its_end(whole(sending())))
        while not said:
            await asyncio.sleep(0)
        streams.leave()
        ended_well = await open_one
        return [*said, "ended"], ended_well

    assert asyncio.run(story()) == (["begun", "sent", "ended"], False)


def test_what_cannot_be_sent_any_more_is_no_further_error() -> None:
    async def story() -> bool:
        async def broken() -> None:
            await asyncio.sleep(0.01)
            raise ConnectionError

        streams = OpenStreams()
        open_one = asyncio.create_task(streams.until_its_end(whole(broken())))
        await asyncio.sleep(0.005)
        streams.leave()
        return await open_one

    assert not asyncio.run(story())
