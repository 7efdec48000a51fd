"""The client's calls, counted for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from lbdemo.echo.caller import Around
from lbdemo.echo.metrics import Method, Metrics
from lbdemo.echo.stream_caller import caller

if TYPE_CHECKING:
    from lbdemo.echo.caller import Caller
    from lbdemo.echo.options import LoadOptions
    from lbdemo.echo.stream_caller import Make
    from lbdemo.records.sample import Sample

CODES = {code.name: code for code in grpc.StatusCode}
METHODS = {"": ("EchoMessage", "unary"), "watch": ("WatchEcho", "server_stream"), "chat": ("Chat", "bidi_stream")}


def client_metrics(target: str) -> Metrics:
    """A client's. They carry whom it calls, by A66 never who answered: shares are counted by servers."""
    durations = ("grpc_client_call_duration_seconds", "grpc_client_attempt_duration_seconds")
    return Metrics("client", "grpc_client_attempt_started", durations, {"grpc_target": target})


def metered(metrics: Metrics) -> Make:
    """Makes callers whose calls are all counted, those of settling and of the gate, too."""

    def make(channel: grpc.aio.Channel, connection: int, options: LoadOptions) -> Caller:
        return Metered(caller(channel, connection, options), Called(metrics, *METHODS[options.stream]))

    return make


class Called(Method):
    """The series of one method, as its client sees it."""

    def finish(self, begun: float, sample: Sample | None) -> None:
        """A call has ended, or was given up without a sample.

        A stream that its client ended since it had heard enough is OK, as its sample says.
        """
        if sample is None:
            self.end(grpc.StatusCode.CANCELLED, begun)
        else:
            self.end(CODES.get(sample.code, grpc.StatusCode.UNKNOWN), begun, sample.attempts)


class Metered(Around):
    """Counts each call; a stream is one."""

    def __init__(self, inner: Caller, method: Called) -> None:
        super().__init__(inner)
        self._method = method

    async def call(self, seq: int, due: float, gate: bool) -> Sample:
        """As without metrics."""
        begun, sample = self._method.begin(), None
        try:
            sample = await self._inner.call(seq, due, gate)
        finally:
            self._method.finish(begun, sample)
        return sample
