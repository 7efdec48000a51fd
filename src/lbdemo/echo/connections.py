"""The connections of a load; opened anew when the client's certificates are renewed."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from lbdemo.echo.stream_caller import caller
from lbdemo.echo.tls import version

if TYPE_CHECKING:
    from collections.abc import Callable

    import grpc

    from lbdemo.echo.options import LoadOptions
    from lbdemo.echo.stream_caller import Make

LOOK = 1.0
"""Seconds between two looks at the files."""


class Connections:
    """So many channels as the options say, each with its caller; gRPC's channels read certificates only once."""

    def __init__(
        self,
        options: LoadOptions,
        dial: Callable[[LoadOptions], grpc.aio.Channel],
        index: int,
        of: int,
        make: Make = caller,
    ) -> None:
        self._options, self._dial = options, dial
        self._seen = version(options.tls.files) if options.tls else ()
        self.channels = [dial(options) for _ in range(options.connections)]
        self.callers = [make(channel, n * of + index, options) for n, channel in enumerate(self.channels)]
        self._left = set[asyncio.Task[None]]()

    async def watch(self, look: float = LOOK) -> None:
        """Looks at the certificates now and then; ends only when it is cancelled. Without any, it does nothing."""
        while self._seen:
            await asyncio.sleep(look)
            with contextlib.suppress(OSError):  # being replaced: the next look will tell
                self._renew()

    def _renew(self) -> None:
        assert self._options.tls
        now = version(self._options.tls.files)
        if now == self._seen:
            return
        before, self.channels = self.channels, [self._dial(self._options) for _ in self.channels]
        for each, channel in zip(self.callers, self.channels, strict=True):
            each.use(channel)
        self._seen = now
        for channel in before:
            leaving = asyncio.create_task(channel.close(self._options.longest))  # what is in flight is answered
            self._left.add(leaving)
            leaving.add_done_callback(self._left.discard)

    async def close(self) -> None:
        """Ends all connections."""
        for leaving in self._left:
            leaving.cancel()
        await asyncio.gather(*self._left, *(channel.close() for channel in self.channels), return_exceptions=True)
