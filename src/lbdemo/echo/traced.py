"""Clients and servers whose calls are traced. Single calls by OpenTelemetry's own interceptors, streams by ours.

Those of OpenTelemetry break streams that are read and written message by message (0.66b2: they take every answer of a
server for a generator, and give clients one).
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import grpc
from opentelemetry.instrumentation.grpc import aio_client_interceptors, aio_server_interceptor, filters
from opentelemetry.propagate import extract, inject
from opentelemetry.trace import SpanKind, Status, StatusCode, TracerProvider

from lbdemo.echo.caller import Around
from lbdemo.echo.service import SERVICE
from lbdemo.echo.stream_caller import CHAT, WATCH
from lbdemo.echo.tracing import current
from lbdemo.records.sample import OK
from lbdemo.traces.span import GATE, RUN, SEQ, SERVER

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from contextlib import AbstractContextManager

    from opentelemetry.trace import Span, Tracer

    from lbdemo.echo.caller import Caller
    from lbdemo.echo.options import LoadOptions
    from lbdemo.records.sample import Sample

    Handler = grpc.RpcMethodHandler[Any, Any]
    Behavior = Callable[[Any, Any], Coroutine[None, None, None]]

_OF_CLIENTS: Callable[..., list[grpc.aio.ClientInterceptor]] = aio_client_interceptors
_OF_SERVERS: Callable[..., grpc.aio.ServerInterceptor] = aio_server_interceptor

CALL = "call"
ONE_CALL = filters.all_of(filters.service_name(SERVICE), filters.method_name("EchoMessage"))


class _One(TracerProvider):
    """Gives the tracer that there is, whoever asks."""

    def get_tracer(self, *_: Any, **__: Any) -> Tracer:
        return current().tracer


def client_interceptors() -> list[grpc.aio.ClientInterceptor]:
    """What makes a span of each single call, and hands its identity on as W3C's `traceparent`."""
    all_kinds = _OF_CLIENTS(_One(), filter_=ONE_CALL)
    return [each for each in all_kinds if isinstance(each, grpc.aio.UnaryUnaryClientInterceptor)]


def server_interceptors() -> list[grpc.aio.ServerInterceptor]:
    """What makes a span of each call of the Echo service; health checks and reflection are nobody's calls."""
    return [_OF_SERVERS(_One(), filter_=ONE_CALL), StreamSpans()]


class Traced(Around):
    """Makes a span for each call, which includes the time of waiting for its turn.

    Below that single calls have one by the channel's interceptors; streams have theirs by this one.
    """

    def __init__(self, inner: Caller, options: LoadOptions) -> None:
        super().__init__(inner)
        self._options = options
        self._epoch = time.time() - time.monotonic()

    async def call(self, seq: int, due: float, gate: bool) -> Sample:
        """As without a span."""
        with self._caller_span(seq, due, gate) as span, self._stream_span() as inner:
            sample = await self._inner.call(seq, due, gate)
            for each in (span, inner):
                ended(each, sample)
            return sample

    def _caller_span(self, seq: int, due: float, gate: bool) -> AbstractContextManager[Span]:
        """Begins when the call was due."""
        begin = min(time.time_ns(), round((due + self._epoch) * 1e9))
        attributes: dict[str, str | int | bool] = {RUN: self._options.run, SEQ: seq, GATE: gate}
        return current().tracer.start_as_current_span(CALL, attributes=attributes, start_time=begin)

    def _stream_span(self) -> AbstractContextManager[Span | None]:
        if not self._options.stream:
            return nullcontext()
        method = CHAT if self._options.stream == "chat" else WATCH
        return current().tracer.start_as_current_span(method, kind=SpanKind.CLIENT)


def carried() -> tuple[tuple[str, str], ...]:
    """The identity of the span that is open, as metadata."""
    carrier = dict[str, str]()
    inject(carrier)
    return tuple(carrier.items())


def ended(span: Span | None, sample: Sample) -> None:
    """Says in the span what came of the call."""
    if span is None:
        return
    span.set_attribute(SERVER, sample.server)
    if sample.code != OK:
        span.set_status(Status(StatusCode.ERROR, sample.code))


class StreamSpans(grpc.aio.ServerInterceptor):
    """Makes a span of each stream of the Echo service, from its begin to its end."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """Wraps streams, and nothing else."""
        handler, method = await continuation(handler_call_details), handler_call_details.method
        if handler is None or not handler.response_streaming or not method.startswith(f"/{SERVICE}/"):
            return handler
        make: Callable[..., Handler] = grpc.unary_stream_rpc_method_handler
        behavior: Any = handler.unary_stream
        if handler.request_streaming:
            make, behavior = grpc.stream_stream_rpc_method_handler, handler.stream_stream
        return make(_spanned(method, behavior), handler.request_deserializer, handler.response_serializer)


def _spanned(method: str, behavior: Behavior) -> Behavior:
    attributes = {"rpc.system": "grpc", "rpc.service": SERVICE, "rpc.method": method.rpartition("/")[2]}

    async def stream(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        before = extract({key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)})
        with current().tracer.start_as_current_span(
            method, context=before, kind=SpanKind.SERVER, attributes=attributes
        ):
            await behavior(request, context)

    return stream
