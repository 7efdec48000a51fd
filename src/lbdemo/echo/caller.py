"""One call, one Sample: whatever happens to it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import grpc

from lbdemo._proto import echo_pb2
from lbdemo.echo.channel import MAX_ATTEMPTS, RETRYABLE
from lbdemo.echo.service import ATTEMPTS_KEY, SERVER_KEY, SERVICE
from lbdemo.echo.stats import RUN_KEY
from lbdemo.records.sample import OK, Sample

if TYPE_CHECKING:
    from lbdemo.echo.options import LoadOptions

METHOD = f"/{SERVICE}/EchoMessage"


class Caller:
    """Makes the calls of one connection. `reasons` keeps what gRPC said to the first failure of each code."""

    def __init__(self, channel: grpc.aio.Channel, connection: int, options: LoadOptions) -> None:
        self.use(channel)
        # The request is always the same: it is serialised once.
        self._request = echo_pb2.EchoRequest(message=options.message).SerializeToString()
        self._timeout = options.timeout
        self._metadata = ((RUN_KEY, options.run),) if options.run else None
        self._connection = connection
        self._retry = options.retry
        self._epoch = time.time() - time.monotonic()
        self.reasons: dict[str, str] = {}

    def use(self, channel: grpc.aio.Channel) -> None:
        """Makes the next calls through this channel."""
        self._echo: grpc.aio.UnaryUnaryMultiCallable[bytes, echo_pb2.EchoResponse] = channel.unary_unary(
            METHOD, response_deserializer=echo_pb2.EchoResponse.FromString
        )

    def end(self) -> None:
        """Ends what would go on by itself. A single call does not."""

    async def call(self, seq: int, due: float, gate: bool) -> Sample:
        """Calls now; `due` is when it should have been, on the monotonic clock."""
        sent, attempts = time.monotonic(), 1
        call = self._echo(self._request, timeout=self._timeout, metadata=self._metadata)
        try:
            response = await call
            latency = time.monotonic() - due
            # gRPC answers None when it could not read the answer.
            server, code = (response.serverID, OK) if response is not None else ("", "INTERNAL")
            if self._retry:
                attempts = attempts_told(await call.trailing_metadata())
        except grpc.aio.AioRpcError as error:
            latency = time.monotonic() - due
            server, code, attempts = self.failure(error)
        epoch = self._epoch
        return Sample(seq, due + epoch, sent + epoch, max(0.0, latency), server, code, gate, self._connection, attempts)

    def failure(self, error: grpc.aio.AioRpcError) -> tuple[str, str, int]:
        """Who signed it, its code, and the attempts at the call; keeps what gRPC said."""
        server, code = _signature(error), error.code().name
        self.reasons.setdefault(code, error.details() or "")
        return server, code, self._attempts_at_failed(server, code, error)

    def _attempts_at_failed(self, server: str, code: str, error: grpc.aio.AioRpcError) -> int:
        """What the server said; where none did, gRPC gave up after the last attempt. Of a deadline only one is sure."""
        if server or not self._retry:
            return attempts_told(error.trailing_metadata())
        return MAX_ATTEMPTS if code in RETRYABLE else 1


class Around(Caller):
    """Makes the calls of another one, and does something more around each: who does is a subclass, with its `call`."""

    def __init__(self, inner: Caller) -> None:
        self._inner, self.reasons = inner, inner.reasons

    def use(self, channel: grpc.aio.Channel) -> None:
        """As the other one."""
        self._inner.use(channel)

    def end(self) -> None:
        """As the other one."""
        self._inner.end()


def _signature(error: grpc.aio.AioRpcError) -> str:
    """The server that answered with an error by its own word; '' when the error did not come from one of ours."""
    for key, value in error.trailing_metadata() or ():
        if key == SERVER_KEY and isinstance(value, bytes):
            return value.decode(errors="replace")
    return ""


def attempts_told(metadata: grpc.aio.Metadata | None) -> int:
    """At which attempt the call reached the server that answered, by its own word; 1 when it says nothing."""
    for key, value in metadata or ():
        if key == ATTEMPTS_KEY and value.isdigit():
            return max(1, int(value))
    return 1
