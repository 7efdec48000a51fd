"""The echo server's calls, counted for Prometheus."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import grpc

from lbdemo.echo.metrics import Method, Metrics
from lbdemo.echo.service import EchoService

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from lbdemo._proto import echo_pb2
    from lbdemo.echo.service import EchoContext, WatchContext

CODES = {code.value[0]: code for code in grpc.StatusCode}


def server_metrics() -> Metrics:
    """A server's. Health checks and reflection are nobody's calls, and left out."""
    return Metrics("server", "grpc_server_call_started", ("grpc_server_call_duration_seconds",), {})


class Served(Method):
    """The series of one method, as its server sees it."""

    @contextmanager
    def call(self, code: Callable[[], int | grpc.StatusCode]) -> Iterator[None]:
        """One call from its arrival to its end; `code` is asked when it was ended by an error of its own."""
        begun = self.begin()
        ended = grpc.StatusCode.CANCELLED  # unless it comes to its end
        try:
            yield
            ended = grpc.StatusCode.OK
        except grpc.aio.AbortError:
            ended = _known(code())
            raise
        except Exception:
            ended = grpc.StatusCode.UNKNOWN
            raise
        finally:
            self.end(ended, begun)


def _known(code: int | grpc.StatusCode) -> grpc.StatusCode:
    return code if isinstance(code, grpc.StatusCode) else CODES.get(code, grpc.StatusCode.UNKNOWN)


class MeteredEcho(EchoService):
    """The Echo service, with all its calls counted for Prometheus."""

    def __init__(self, server_id: str, metrics: Metrics) -> None:
        super().__init__(server_id)
        self._unary = Served(metrics, "EchoMessage", "unary")
        self._watches = Served(metrics, "WatchEcho", "server_stream")
        self._chats = Served(metrics, "Chat", "bidi_stream")

    async def EchoMessage(  # noqa: N802 - the wire's name
        self, request: echo_pb2.EchoRequest, context: EchoContext
    ) -> echo_pb2.EchoResponse:
        """As without metrics."""
        with self._unary.call(context.code):
            return await super().EchoMessage(request, context)

    async def WatchEcho(  # noqa: N802 - the wire's name
        self, request: echo_pb2.WatchRequest, context: WatchContext
    ) -> None:
        """As without metrics."""
        with self._watches.call(context.code):
            await super().WatchEcho(request, context)

    async def Chat(  # noqa: N802 - the wire's name
        self, requests: AsyncIterator[echo_pb2.EchoRequest], context: EchoContext
    ) -> None:
        """As without metrics."""
        with self._chats.call(context.code):
            await super().Chat(requests, context)
