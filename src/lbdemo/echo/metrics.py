"""What a server tells Prometheus, under the names that dashboards and rules look for."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import grpc
from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server

from lbdemo.echo.address import Address, check_free, why_not
from lbdemo.echo.service import SERVICE, EchoService
from lbdemo.errors import OperationFailedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from lbdemo._proto import echo_pb2
    from lbdemo.echo.service import EchoContext, WatchContext

SECONDS = (
    0.0001, 0.0003, 0.0006, 0.001, 0.002, 0.003, 0.005, 0.008, 0.013, 0.02, 0.03, 0.05, 0.08, 0.13, 0.2, 0.3, 0.5, 0.8,
    1, 2, 5, 10, 20, 50, 100,
)  # fmt: skip
"""Upper bounds of the histograms' buckets: every second or third of those that gRPC's proposal A66 has."""

CODES = {code.value[0]: code for code in grpc.StatusCode}


class ServerMetrics:
    """Counts the calls of the Echo service twice: as go-grpc-middleware names them, and as gRPC's proposal A66 does.

    Both are here since both are looked for; whoever adds up has to take one of them. Health checks and reflection are
    nobody's calls, and left out.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        of_method = ("grpc_type", "grpc_service", "grpc_method")
        self.started = self._counter("grpc_server_started", "Calls that reached the server.", *of_method)
        self.handled = self._counter("grpc_server_handled", "Calls that ended, by code.", *of_method, "grpc_code")
        self.handling = self._histogram("grpc_server_handling_seconds", "How long calls took.", *of_method)
        self.call_started = self._counter("grpc_server_call_started", "Calls that reached the server.", "grpc_method")
        self.call_duration = self._histogram(
            "grpc_server_call_duration_seconds", "How long calls took, by code.", "grpc_method", "grpc_status"
        )

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(name, about, labels, registry=self.registry)

    def _histogram(self, name: str, about: str, *labels: str) -> Histogram:
        return Histogram(name, about, labels, registry=self.registry, buckets=SECONDS)


class Method:
    """The series of one method, looked up once: a lookup costs as much as counting does.

    Its kind is unary, server_stream or bidi_stream.
    """

    def __init__(self, metrics: ServerMetrics, name: str, kind: str) -> None:
        self._metrics, self._name, self._kind = metrics, name, kind
        self._started = metrics.started.labels(kind, SERVICE, name)
        self._call_started = metrics.call_started.labels(f"{SERVICE}/{name}")
        self._handling = metrics.handling.labels(kind, SERVICE, name)
        self._by_code: dict[grpc.StatusCode, tuple[Counter, Histogram]] = {}

    @contextmanager
    def call(self, code: Callable[[], int | grpc.StatusCode]) -> Iterator[None]:
        """One call from its arrival to its end; `code` is asked when it was ended by an error of its own."""
        begun = time.perf_counter()
        self._started.inc()
        self._call_started.inc()
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
            self._end(ended, time.perf_counter() - begun)

    def _end(self, code: grpc.StatusCode, seconds: float) -> None:
        handled, duration = self._by_code.get(code) or self._of(code)
        handled.inc()
        duration.observe(seconds)
        self._handling.observe(seconds)

    def _of(self, code: grpc.StatusCode) -> tuple[Counter, Histogram]:
        handled = self._metrics.handled.labels(self._kind, SERVICE, self._name, _in_words(code))
        duration = self._metrics.call_duration.labels(f"{SERVICE}/{self._name}", code.name)
        return self._by_code.setdefault(code, (handled, duration))


def _known(code: int | grpc.StatusCode) -> grpc.StatusCode:
    return code if isinstance(code, grpc.StatusCode) else CODES.get(code, grpc.StatusCode.UNKNOWN)


def _in_words(code: grpc.StatusCode) -> str:
    """The code as Go writes it, and go-grpc-middleware after it: OK, DeadlineExceeded, with Canceled."""
    words = {grpc.StatusCode.OK: "OK", grpc.StatusCode.CANCELLED: "Canceled"}
    return words.get(code, code.name.title().replace("_", ""))


class MeteredEcho(EchoService):
    """The Echo service, with all its calls counted for Prometheus."""

    def __init__(self, server_id: str, metrics: ServerMetrics) -> None:
        super().__init__(server_id)
        self._unary = Method(metrics, "EchoMessage", "unary")
        self._watches = Method(metrics, "WatchEcho", "server_stream")
        self._chats = Method(metrics, "Chat", "bidi_stream")

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


@contextmanager
def exposed(metrics: ServerMetrics, address: Address) -> Iterator[Address]:
    """Serves them over HTTP, in a thread of its own; yields where, with the real port.

    Raises OperationFailedError when it cannot listen there.
    """
    try:
        check_free(address)
        server, thread = start_http_server(address.port, address.host, metrics.registry)
    except OSError as error:
        raise OperationFailedError(
            f"cannot listen on {address}: {why_not(address)}", "choose another address with --metrics HOST:PORT"
        ) from error
    try:
        yield Address(address.host, server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
