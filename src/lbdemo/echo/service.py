"""The Echo service: answers, counts, and is slow or sick when told so."""

from __future__ import annotations

import asyncio
import os
import time
from random import Random
from typing import TYPE_CHECKING

import grpc

from lbdemo._proto import echo_pb2, echo_pb2_grpc
from lbdemo.echo.faults import Faults, check_faults
from lbdemo.echo.stats import RUN_KEY, Stats
from lbdemo.errors import InputError

if TYPE_CHECKING:
    from typing import NoReturn

    EchoContext = grpc.aio.ServicerContext[echo_pb2.EchoRequest, echo_pb2.EchoResponse]
    StatsContext = grpc.aio.ServicerContext[echo_pb2.StatsRequest, echo_pb2.StatsResponse]
    FaultContext = grpc.aio.ServicerContext[echo_pb2.Fault, echo_pb2.Fault]

SERVICE = "message.Echo"

CRASHED = 137
"""The exit code of a process that was killed (128 + SIGKILL)."""

SERVER_KEY = "lbdemo-server-bin"
"""The trailing metadata key by which a server signs an error, where there is no answer to carry its name."""


class EchoService(echo_pb2_grpc.EchoServicer):
    """Answers under the name `server_id`."""

    def __init__(self, server_id: str, chance: Random | None = None) -> None:
        self.server_id = server_id
        self.stats = Stats()
        self.in_flight = 0
        self._faults = Faults()
        self._chance = chance or Random()
        self._released: asyncio.Event | None = None
        self._plain = True
        self._started = time.time()

    async def EchoMessage(  # noqa: N802 - the wire's name
        self, request: echo_pb2.EchoRequest, context: EchoContext
    ) -> echo_pb2.EchoResponse:
        """Answers with the same message and the server's name, or fails by the fault that is set."""
        run = _run_of(context)
        if not self._plain:
            await self._special(run, context)
        self.stats.answered(run)
        return echo_pb2.EchoResponse(message=request.message, serverID=self.server_id)

    async def GetStats(  # noqa: N802 - the wire's name
        self,
        request: echo_pb2.StatsRequest,
        context: StatsContext,  # noqa: ARG002 - gRPC's signature
    ) -> echo_pb2.StatsResponse:
        """What was answered since the start, by one run or by all."""
        counts = self.stats.of(request.run)
        return echo_pb2.StatsResponse(
            serverID=self.server_id, answered=counts.answered, failed=counts.failed, started=self._started
        )

    async def SetFault(  # noqa: N802 - the wire's name
        self, request: echo_pb2.Fault, context: FaultContext
    ) -> echo_pb2.Fault:
        """Sets the faults from now on, or ends the process at once; INVALID_ARGUMENT for values that make no sense."""
        if request.crash:
            os._exit(CRASHED)
        try:
            self.set_faults(check_faults(request.delay_ms, request.unavailable_ratio))
        except InputError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, error.message)
        return request

    def set_faults(self, faults: Faults) -> None:
        """What is wrong with this server from now on."""
        self._faults = faults
        self._settle()

    def hold(self) -> None:
        """Lets no answer out until `release`: calls are taken, but wait."""
        self._released = self._released or asyncio.Event()
        self._settle()

    def release(self) -> None:
        """Ends `hold`."""
        if self._released:
            self._released.set()
        self._released = None
        self._settle()

    def _settle(self) -> None:
        self._plain = self._faults == Faults() and self._released is None

    async def _special(self, run: str, context: EchoContext) -> None:
        faults = self._faults
        self.in_flight += 1
        try:
            if faults.delay_ms:
                await asyncio.sleep(faults.delay_ms / 1000)
            if self._released:
                await self._released.wait()
        finally:
            self.in_flight -= 1
        if faults.strikes(self._chance):
            await self._fail(run, context)

    async def _fail(self, run: str, context: EchoContext) -> NoReturn:
        self.stats.failed(run)
        signature = (SERVER_KEY, self.server_id.encode())
        await context.abort(grpc.StatusCode.UNAVAILABLE, f"{self.server_id} was told to be sick", (signature,))


def _run_of(context: EchoContext) -> str:
    for key, value in context.invocation_metadata() or ():
        if key == RUN_KEY:
            return value if isinstance(value, str) else value.decode(errors="replace")
    return ""
