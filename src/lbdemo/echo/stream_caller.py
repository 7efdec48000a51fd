"""One stream, one Sample: it is one call, and stays with the server that it began at, whatever happens to it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc

from lbdemo._proto import echo_pb2
from lbdemo.echo.caller import Caller, attempts_told
from lbdemo.echo.drive import cancel
from lbdemo.echo.service import SERVICE
from lbdemo.records.sample import DEADLINE, OK, Sample

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from lbdemo.echo.options import LoadOptions

    WatchCall = grpc.aio.UnaryStreamCall[bytes, echo_pb2.EchoResponse]
    ChatCall = grpc.aio.StreamStreamCall[bytes, echo_pb2.EchoResponse]
    StreamCall = WatchCall | ChatCall
    Make = Callable[[grpc.aio.Channel, int, LoadOptions], Caller]

WATCH, CHAT = f"/{SERVICE}/WatchEcho", f"/{SERVICE}/Chat"


def caller(channel: grpc.aio.Channel, connection: int, options: LoadOptions) -> Caller:
    """Who makes the calls of a connection: single ones, or streams."""
    return (StreamCaller if options.stream else Caller)(channel, connection, options)


@dataclass(slots=True, eq=False)
class Stream:
    """What is known of a stream so far: who answered, how often, and when first. Times on the monotonic clock.

    `limit` ends the wait for what comes next; from `ends` on its client has heard enough, once it has heard anything.
    """

    ends: float
    limit: asyncio.Timeout
    server: str = ""
    answers: int = 0
    first: float = 0.0
    attempts: int = 1

    @property
    def enough(self) -> bool:
        """Whether its client has heard enough, where nothing is left to wait for."""
        return self.answers > 0 and (self.limit.when() or 0.0) >= self.ends

    def hear(self, server: str, patience: float) -> None:
        """Counts an answer; the next one may take so many seconds."""
        now = time.monotonic()
        self.first = self.first or now
        self.server = server
        self.answers += 1
        self.limit.reschedule(min(self.ends, now + patience))

    def end(self) -> None:
        """Lets it end now; one that has not been answered, with its first answer."""
        self.ends = 0.0
        if self.answers and not self.limit.expired():
            self.limit.reschedule(0.0)


class StreamCaller(Caller):
    """Opens the streams of one connection."""

    def __init__(self, channel: grpc.aio.Channel, connection: int, options: LoadOptions) -> None:
        self._every, self._length, self._longest = options.stream_every, options.stream_length, options.longest
        self._kind, self._traced = options.stream, options.trace
        self._open = set[Stream]()
        self._ending = False
        watch = echo_pb2.WatchRequest(message=options.message, interval_ms=max(1, round(self._every * 1000)))
        self._to_watch = watch.SerializeToString()
        super().__init__(channel, connection, options)

    def use(self, channel: grpc.aio.Channel) -> None:
        """Opens the next streams through this channel; those that are open end with the old one."""
        read = echo_pb2.EchoResponse.FromString
        self._watch: grpc.aio.UnaryStreamMultiCallable[bytes, echo_pb2.EchoResponse] = channel.unary_stream(
            WATCH, response_deserializer=read
        )
        self._chat: grpc.aio.StreamStreamMultiCallable[bytes, echo_pb2.EchoResponse] = channel.stream_stream(
            CHAT, response_deserializer=read
        )

    def end(self) -> None:
        """Ends all streams, and each later one with its first answer."""
        self._ending = True
        for stream in self._open:
            stream.end()

    async def call(self, seq: int, due: float, gate: bool) -> Sample:
        """Opens a stream now, and returns when it has ended; `due` is when it should have begun."""
        sent = time.monotonic()
        length = 0.0 if gate or self._ending else self._length
        stream = Stream(sent + length, asyncio.timeout(self._timeout))
        self._open.add(stream)
        try:
            code = await self._hear_out(stream)
        except grpc.aio.AioRpcError as error:
            code = self._broken(stream, error)
        finally:
            self._open.discard(stream)
        ended, epoch = time.monotonic(), self._epoch
        latency = max(0.0, (stream.first or ended) - due)
        return Sample(
            seq, due + epoch, sent + epoch, latency, stream.server, code, gate, self._connection, stream.attempts,
            stream.answers, ended - sent,
        )  # fmt: skip

    async def _hear_out(self, stream: Stream) -> str:
        """Hears a stream until its client has heard enough, or its server says no more; returns its code."""
        call = self._begin()
        try:
            async with stream.limit, self._speaking(call):
                return await self._hear(call, stream)
        except TimeoutError:
            if stream.enough:
                return OK
            self.reasons.setdefault(DEADLINE, "a stream fell silent" if stream.answers else "no answer on a stream")
            return DEADLINE
        finally:
            call.cancel()

    def _begin(self) -> StreamCall:
        if self._kind == "chat":
            return self._chat(timeout=self._longest, metadata=self._marks())
        return self._watch(self._to_watch, timeout=self._longest, metadata=self._marks())

    def _marks(self) -> tuple[tuple[str, str], ...] | None:
        """The metadata of the next stream: with the identity of its span, if it has one."""
        if not self._traced:
            return self._metadata
        from lbdemo.echo.traced import carried  # OpenTelemetry takes 0.4 s to import

        return (*(self._metadata or ()), *carried())

    async def _hear(self, call: StreamCall, stream: Stream) -> str:
        while isinstance(answer := await call.read(), echo_pb2.EchoResponse):
            if self._retry and not stream.answers:
                stream.attempts = attempts_told(await call.initial_metadata())
            stream.hear(answer.serverID, self._every + self._timeout)
        return OK if answer is not None else "INTERNAL"  # None: it could not be read

    @contextlib.asynccontextmanager
    async def _speaking(self, call: StreamCall) -> AsyncIterator[None]:
        """Sends what is to be answered in a chat. How that ends is said to who hears: to read while one writes is also
        the surest way to be told the true status (grpc/grpc#36066).
        """
        if not isinstance(call, grpc.aio.StreamStreamCall):
            yield
            return
        speaking = asyncio.create_task(self._speak(call))
        try:
            yield
        finally:
            await cancel(speaking)

    async def _speak(self, call: ChatCall) -> None:
        while True:
            await call.write(self._request)
            await asyncio.sleep(self._every)

    def _broken(self, stream: Stream, error: grpc.aio.AioRpcError) -> str:
        """The code with which it broke off. One that was answered had begun: it was tried no more."""
        signed, code, attempts = self.failure(error)
        if not stream.answers:
            stream.server, stream.attempts = signed, attempts
        return code
