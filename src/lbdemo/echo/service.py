"""The Echo service: answers, counts, and is slow or sick when told so."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING

import grpc

from lbdemo._proto import echo_pb2, echo_pb2_grpc
from lbdemo.echo.faults import Faults
from lbdemo.echo.stats import RUN_KEY, Stats

if TYPE_CHECKING:
    from typing import NoReturn

    EchoContext = grpc.aio.ServicerContext[echo_pb2.EchoRequest, echo_pb2.EchoResponse]

SERVICE = "message.Echo"

SERVER_KEY = "lbdemo-server-bin"
"""The trailing metadata key by which a server signs an error, where there is no answer to carry its name."""

PREVIOUS_KEY = "grpc-previous-rpc-attempts"
"""The metadata key by which gRPC says how often it has tried a call before; absent at the first attempt."""

ATTEMPTS_KEY = "lbdemo-attempts"
"""The trailing metadata key by which a server says at which attempt (2 and more) the call reached it."""

Metadata = tuple[tuple[str, str | bytes], ...]


class EchoService(echo_pb2_grpc.EchoServicer):
    """Answers under the name `server_id`."""

    def __init__(self, server_id: str, chance: Random | None = None) -> None:
        self.server_id = server_id
        self.stats = Stats()
        self._faults = Faults()
        self._chance = chance or Random()
        self._well = True

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

    def set_faults(self, faults: Faults) -> None:
        """What is wrong with this server from now on."""
        self._faults = faults
        self._well = faults == Faults()

    async def _suffer(self, run: str, previous: int, context: EchoContext) -> None:
        faults = self._faults
        if faults.delay_ms:
            await asyncio.sleep(faults.delay_ms / 1000)
        if faults.strikes(self._chance):
            await self._fail(run, previous, context)

    async def _fail(self, run: str, previous: int, context: EchoContext) -> NoReturn:
        self.stats.failed(run)
        signature = ((SERVER_KEY, self.server_id.encode()), *(_attempts(previous) if previous else ()))
        await context.abort(grpc.StatusCode.UNAVAILABLE, f"{self.server_id} was told to be sick", signature)


def _attempts(previous: int) -> Metadata:
    return ((ATTEMPTS_KEY, str(previous + 1)),)


def _marks(context: EchoContext) -> tuple[str, int]:
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
