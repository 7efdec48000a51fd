"""The streams that are open at a server, and their end: by themselves they last as long as their clients want."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Coroutine


async def whole(sending: Coroutine[None, None, None]) -> None:
    """Sends something to its end, also when this is cancelled on the way.

    gRPC refuses to end a stream while something is being sent on it, and then nobody ends it.
    """
    sent = asyncio.ensure_future(sending)
    try:
        await asyncio.shield(sent)
    except asyncio.CancelledError:
        await asyncio.gather(sent, return_exceptions=True)
        raise


class OpenStreams:
    """All streams that are being answered. Once it is told to `leave` they end, and no other one begins."""

    def __init__(self) -> None:
        self._open = set[asyncio.Task[None]]()
        self._leaving = False

    async def until_its_end(self, answers: Coroutine[None, None, None]) -> bool:
        """Answers one stream for as long as its client wants; False when the server left before that."""
        if self._leaving:
            answers.close()
            return False
        stream = asyncio.ensure_future(answers)
        self._open.add(stream)
        try:
            await asyncio.wait((stream,))
            if stream.cancelled():
                return False
            stream.result()
            return True
        finally:
            stream.cancel()
            self._open.discard(stream)

    def leave(self) -> None:
        """Ends them all, from now on."""
        self._leaving = True
        for stream in self._open:
            stream.cancel()
