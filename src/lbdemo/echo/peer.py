"""Asks one server what it counted, and sets its faults."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import grpc

from lbdemo._proto import echo_pb2, echo_pb2_grpc
from lbdemo.echo.channel import OWN_CONNECTION
from lbdemo.echo.faults import Faults, check_faults
from lbdemo.errors import OperationFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class ServerStats:
    """What one server counted: calls answered with OK, calls answered with an error, and since when (epoch seconds).

    `received` are the calls that reached its handler, counted on arrival: also those that were given up or cut off
    before they were answered. `retries` of them said that they were a further attempt at a call that had failed before.
    Streams are counted apart: all that began, those that are open now, and their answers.
    """

    server: str
    answered: int
    failed: int
    started: float
    received: int
    retries: int
    streams: int = 0
    streams_open: int = 0
    stream_answers: int = 0

    def to_dict(self) -> dict[str, object]:
        """The record ready for JSON."""
        return asdict(self)


def read_stats(target: str, run: str = "", timeout: float = 5.0) -> ServerStats:
    """The counts of the server whose `--admin` is `target` (HOST:PORT), of one run or of all calls.

    `timeout` is in seconds. Raises OperationFailedError when it does not answer.
    """
    with _server(target) as stub:
        counts = stub.GetStats(echo_pb2.StatsRequest(run=run), timeout=timeout)
    return ServerStats(
        counts.serverID, counts.answered, counts.failed, counts.started, counts.received, counts.retries,
        counts.streams, counts.streams_open, counts.stream_answers,
    )  # fmt: skip


def set_faults(target: str, delay_ms: int = 0, unavailable_ratio: float = 0.0, timeout: float = 5.0) -> Faults:
    """Makes the server with that `--admin` slow (ms added to each call) or sick (share of calls answered UNAVAILABLE).

    Without either it is healed. Returns what is set now. Raises InputError for values that make no sense,
    OperationFailedError when it does not answer.
    """
    faults = check_faults(delay_ms, unavailable_ratio)
    request = echo_pb2.Fault(delay_ms=faults.delay_ms, unavailable_ratio=faults.unavailable_ratio)
    with _server(target) as stub:
        now = stub.SetFault(request, timeout=timeout)
    return Faults(now.delay_ms, now.unavailable_ratio)


def crash(target: str, timeout: float = 5.0) -> None:
    """Ends the server with that `--admin` at once, without a goodbye. Raises OperationFailedError when it lives on."""
    with _server(target) as stub:
        stub.GetStats(echo_pb2.StatsRequest(), timeout=timeout)  # it is there: UNAVAILABLE now means that it went
        try:
            stub.SetFault(echo_pb2.Fault(crash=True), timeout=timeout)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.UNAVAILABLE:
                return
            raise
    raise OperationFailedError(f"the server at {target} is too old to be ended like this")


@contextmanager
def _server(target: str) -> Iterator[echo_pb2_grpc.AdminStub]:
    with grpc.insecure_channel(target, options=OWN_CONNECTION) as channel:
        try:
            yield echo_pb2_grpc.AdminStub(channel)
        except grpc.RpcError as error:
            raise OperationFailedError(
                f"the server at {target} did not answer: {error.code().name}: {error.details()}",
                "check that it runs, and that --target is what it was given as --admin",
            ) from error
