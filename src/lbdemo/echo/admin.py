"""The Admin service: counts, faults and a sudden end, for who may run a program beside the server."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import grpc

from lbdemo._proto import echo_pb2, echo_pb2_grpc
from lbdemo.echo.faults import check_faults
from lbdemo.errors import InputError

if TYPE_CHECKING:
    from lbdemo.echo.service import EchoService

    StatsContext = grpc.aio.ServicerContext[echo_pb2.StatsRequest, echo_pb2.StatsResponse]
    FaultContext = grpc.aio.ServicerContext[echo_pb2.Fault, echo_pb2.Fault]

CRASHED = 137
"""The exit code of a process that was killed (128 + SIGKILL)."""


class AdminService(echo_pb2_grpc.AdminServicer):
    """Tells what an Echo service counted, and changes how it behaves. Whoever can call it can end the process."""

    def __init__(self, echo: EchoService) -> None:
        self._echo = echo
        self._started = time.time()

    async def GetStats(  # noqa: N802 - the wire's name
        self,
        request: echo_pb2.StatsRequest,
        context: StatsContext,  # noqa: ARG002 - gRPC's signature
    ) -> echo_pb2.StatsResponse:
        """What was received and answered since the start, of one run or of all."""
        counts = self._echo.stats.of(request.run)
        return echo_pb2.StatsResponse(
            serverID=self._echo.server_id,
            answered=counts.answered,
            failed=counts.failed,
            started=self._started,
            received=counts.received,
            retries=counts.retries,
            streams=counts.streams,
            streams_open=counts.streams_open,
            stream_answers=counts.stream_answers,
        )

    async def SetFault(  # noqa: N802 - the wire's name
        self, request: echo_pb2.Fault, context: FaultContext
    ) -> echo_pb2.Fault:
        """Sets the faults from now on, or ends the process at once; INVALID_ARGUMENT for values that make no sense."""
        if request.crash:
            os._exit(CRASHED)
        try:
            self._echo.set_faults(check_faults(request.delay_ms, request.unavailable_ratio))
        except InputError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, error.message)
        return request
