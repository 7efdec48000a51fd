"""The Echo service: answers calls and streams, counts, and is slow or sick when told so."""

from __future__ import annotations

import asyncio
import math
from random import Random
from typing import TYPE_CHECKING

import grpc

from lbdemo._proto import echo_pb2, echo_pb2_grpc
from lbdemo.echo.faults import Faults
from lbdemo.echo.open_streams import OpenStreams, whole
from lbdemo.echo.stats import RUN_KEY, Stats

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from typing import NoReturn

    EchoContext = grpc.aio.ServicerContext[echo_pb2.EchoRequest, echo_pb2.EchoResponse]
    WatchContext = grpc.aio.ServicerContext[echo_pb2.WatchRequest, echo_pb2.EchoResponse]
    StreamContext = EchoContext | WatchContext
    Answered = Callable[[], None]
    Answers = Callable[[Answered], Coroutine[None, None, None]]

SERVICE = "message.Echo"

SERVER_KEY = "lbdemo-server-bin"
"""The trailing metadata key by which a server signs an error, where there is no answer to carry its name."""

PREVIOUS_KEY = "grpc-previous-rpc-attempts"
"""The metadata key by which gRPC says how often it has tried a call before; absent at the first attempt."""

ATTEMPTS_KEY = "lbdemo-attempts"
"""The trailing metadata key by which a server says at which attempt (2 and more) the call reached it."""

DEFAULT_INTERVAL_MS = 1_000
MAX_INTERVAL_MS = 3_600_000

Metadata = tuple[tuple[str, str | bytes], ...]


class EchoService(echo_pb2_grpc.EchoServicer):
    """Answers under the name `server_id`."""

    def __init__(self, server_id: str, chance: Random | None = None) -> None:
        self.server_id = server_id
        self.stats = Stats()
        self._faults = Faults()
        self._chance = chance or Random()
        self._well = True
        self._streams = OpenStreams()

    async def EchoMessage(  # noqa: N802 - the wire's name
        self, request: echo_pb2.EchoRequest, context: EchoContext
    ) -> echo_pb2.EchoResponse:
        """Answers with the same message and the server's name, or fails by the fault that is set."""
        run, previous = _marks(context)
        self.stats.received(run, retry=previous > 0)
        if previous:
            context.set_trailing_metadata(_attempts(previous))
        if not self._well:
            await self._suffer(run, previous, context)
        self.stats.answered(run)
        return echo_pb2.EchoResponse(message=request.message, serverID=self.server_id)

    async def WatchEcho(  # noqa: N802 - the wire's name
        self, request: echo_pb2.WatchRequest, context: WatchContext
    ) -> None:
        """Answers at once and then at each interval, until the client has heard enough or the server leaves."""
        if request.interval_ms > MAX_INTERVAL_MS:
            rule = f"an interval of {request.interval_ms} ms is out of range: it must be up to {MAX_INTERVAL_MS}"
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, rule)
        await self._stream(context, lambda answered: self._watch(request, context, answered))

    async def Chat(  # noqa: N802 - the wire's name
        self, requests: AsyncIterator[echo_pb2.EchoRequest], context: EchoContext
    ) -> None:
        """Answers each message as it comes, until the client has no more or the server leaves."""
        await self._stream(context, lambda answered: self._chat(requests, context, answered))

    def set_faults(self, faults: Faults) -> None:
        """What is wrong with this server from now on."""
        self._faults = faults
        self._well = faults == Faults()

    def leave(self) -> None:
        """Ends all streams, and begins no other: their clients are told to look for another server."""
        self._streams.leave()

    async def _stream(self, context: StreamContext, answers: Answers) -> None:
        """One stream from its begin to its end."""
        run, previous = _marks(context)
        with self.stats.stream(run) as answered:
            if self._faults.strikes(self._chance):
                await self._delay()
                await self._refuse(context, f"{self.server_id} was told to be sick", previous)
            if not await self._streams.until_its_end(self._begun(context, previous, answers, answered)):
                await self._refuse(context, f"{self.server_id} is leaving: open another stream", previous)

    async def _begun(self, context: StreamContext, previous: int, answers: Answers, answered: Answered) -> None:
        """Answers, and says before at which attempt that is: who ends a stream does not hear what is said at its end.

        Not earlier: gRPC tries no call again of which it has heard anything.
        """
        if previous:
            await whole(context.send_initial_metadata(_attempts(previous)))
        await answers(answered)

    async def _watch(self, request: echo_pb2.WatchRequest, context: WatchContext, answered: Answered) -> None:
        """Answers on a grid, so that a slow answer shifts no other; those that would be late are left out."""
        interval, now = (request.interval_ms or DEFAULT_INTERVAL_MS) / 1000, asyncio.get_running_loop().time
        due = now()
        while True:
            await self._answer(request.message, context, answered)
            due += interval * max(1, math.ceil((now() - due) / interval))
            await asyncio.sleep(due - now())

    async def _chat(
        self, requests: AsyncIterator[echo_pb2.EchoRequest], context: EchoContext, answered: Answered
    ) -> None:
        async for request in requests:
            await self._answer(request.message, context, answered)

    async def _answer(self, message: str, context: StreamContext, answered: Answered) -> None:
        await self._delay()
        await whole(context.write(echo_pb2.EchoResponse(message=message, serverID=self.server_id)))
        answered()

    async def _delay(self) -> None:
        if self._faults.delay_ms:
            await asyncio.sleep(self._faults.delay_ms / 1000)

    async def _suffer(self, run: str, previous: int, context: EchoContext) -> None:
        await self._delay()
        if self._faults.strikes(self._chance):
            await self._fail(run, previous, context)

    async def _fail(self, run: str, previous: int, context: EchoContext) -> NoReturn:
        self.stats.failed(run)
        await self._refuse(context, f"{self.server_id} was told to be sick", previous)

    async def _refuse(self, context: StreamContext, why: str, previous: int) -> NoReturn:
        signature = ((SERVER_KEY, self.server_id.encode()), *(_attempts(previous) if previous else ()))
        await context.abort(grpc.StatusCode.UNAVAILABLE, why, signature)


def _attempts(previous: int) -> Metadata:
    return ((ATTEMPTS_KEY, str(previous + 1)),)


def _marks(context: StreamContext) -> tuple[str, int]:
    """The run that a call belongs to ("" for none), and how many attempts at it came before this one."""
    run, previous = "", 0
    for key, value in context.invocation_metadata() or ():
        if key == RUN_KEY:
            run = value if isinstance(value, str) else value.decode(errors="replace")
        elif key == PREVIOUS_KEY:
            previous = _count(value)
    return run, previous


def _count(value: str | bytes) -> int:
    """What anybody may have written; 0 for what is no count."""
    return int(value) if value.isdigit() and len(value) < 4 else 0
