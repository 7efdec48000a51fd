"""A small collector: takes spans by OTLP over gRPC, keeps them in memory, and answers questions over HTTP.

The questions are those of Jaeger's query service (its API v3), as far as lbdemo asks them, so that both can be asked
alike: https://www.jaegertracing.io/docs/latest/architecture/apis/.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from lbdemo.echo.address import Address, listening
from lbdemo.echo.collecting import Pages
from lbdemo.echo.http_serving import serving
from lbdemo.traces import Kind, Span, joined
from lbdemo.traces.otlp import ERROR, document
from lbdemo.traces.store import Store

if TYPE_CHECKING:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
    from opentelemetry.proto.trace.v1.trace_pb2 import Span as Told

_ADD: Callable[[Collector, grpc.aio.Server], None] = trace_service_pb2_grpc.add_TraceServiceServicer_to_server

PREFIX = "/api/v3/traces"
PAGE = "/trace/"
MESSAGE = 64 << 20
"""The largest message that is taken, in bytes: a full batch of long spans is below it."""


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """Takes what is exported into a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def Export(  # noqa: N802 - the wire's name
        self, request: trace_service_pb2.ExportTraceServiceRequest, _: Any
    ) -> trace_service_pb2.ExportTraceServiceResponse:
        """Takes all spans of a request."""
        self._store.add(spans(request))
        return trace_service_pb2.ExportTraceServiceResponse()


def spans(request: trace_service_pb2.ExportTraceServiceRequest) -> Iterator[Span]:
    """The spans of a message, as records."""
    for of in request.resource_spans:
        resource = values(of.resource.attributes)
        for scope in of.scope_spans:
            yield from (_span(told, resource) for told in scope.spans)


def _span(told: Told, resource: Mapping[str, Any]) -> Span:
    return Span(
        trace=told.trace_id.hex(),
        id=told.span_id.hex(),
        parent=told.parent_span_id.hex(),
        name=told.name,
        kind=Kind(told.kind) if told.kind in _KNOWN else Kind.UNSPECIFIED,
        begin=told.start_time_unix_nano,
        end=told.end_time_unix_nano,
        attributes=values(told.attributes),
        resource=resource,
        failed=told.status.code == ERROR,
    )


_KNOWN = {kind.value for kind in Kind}


def values(attributes: Iterable[KeyValue]) -> dict[str, Any]:
    """Attributes as plain values; lists and maps as text."""
    return {each.key: _value(each.value) for each in attributes}


def _value(told: AnyValue) -> Any:
    kind = told.WhichOneof("value")
    if kind is None:
        return None
    value = getattr(told, kind)
    return value if isinstance(value, str | bool | int | float) else str(value)


@dataclass(frozen=True, slots=True)
class Collecting:
    """A running collector: where it takes spans, and where it answers."""

    otlp: Address
    query: Address


LISTED = 200
"""Traces on the page that lists them."""


class Answers(BaseHTTPRequestHandler):
    """Answers GET; `store` and `pages` are set by who serves."""

    store: Store
    pages: Pages

    def do_GET(self) -> None:
        """One question."""
        asked = urlsplit(self.path)
        if asked.path == PREFIX:
            self._say(HTTPStatus.OK, told(self._within(parse_qs(asked.query))))
        elif asked.path.startswith(f"{PREFIX}/"):
            found = self.store.of(asked.path.removeprefix(f"{PREFIX}/"))
            self._say(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND, told(found) if found else UNKNOWN)
        elif asked.path in ("/", PAGE):
            newest = self.store.traces()[: -LISTED - 1 : -1]
            self._send(HTTPStatus.OK, HTML, self.pages.all(newest).encode())
        elif asked.path.startswith(PAGE):
            self._show(asked.path.removeprefix(PAGE))
        elif asked.path == "/status":
            self._say(HTTPStatus.OK, {"received": self.store.received, "dropped": self.store.dropped})
        else:
            self._say(HTTPStatus.NOT_FOUND, UNKNOWN)

    def _within(self, query: Mapping[str, list[str]]) -> list[Span]:
        begin, end = (moment(query.get(f"query.start_time_{which}", [""])[0]) for which in ("min", "max"))
        service = query.get("query.service_name", [""])[0]
        found = self.store.spans(begin, end)
        if not service:
            return found
        traces = {span.trace for span in found if span.service == service}
        return [span for span in found if span.trace in traces]

    def _show(self, trace: str) -> None:
        found = joined(self.store.of(trace))
        if found:
            self._send(HTTPStatus.OK, HTML, self.pages.one(found[0]).encode())
        else:
            self._say(HTTPStatus.NOT_FOUND, UNKNOWN)

    def _say(self, status: HTTPStatus, answer: Mapping[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(answer).encode())

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in {**HEADERS, "Content-Type": kind, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that http.server has
        """Says nothing of questions."""


HTML = "text/html; charset=utf-8"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}
UNKNOWN = {"error": {"httpCode": HTTPStatus.NOT_FOUND.value, "message": "there is no such trace, or not any more"}}


def told(found: Iterable[Span]) -> dict[str, Any]:
    """Spans as the answer to a question."""
    return {"result": document(found)}


def moment(text: str) -> int:
    """A time as RFC 3339 has it, in nanoseconds since 1970; 0 for none, or nonsense."""
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1e9) if text else 0
    except ValueError:
        return 0


@contextmanager
def answering(store: Store, address: Address, pages: Pages) -> Iterator[Address]:
    """Answers questions over HTTP from threads of its own; yields where, with the real port.

    Raises OperationFailedError when it cannot listen there.
    """
    handler = type("Handler", (Answers,), {"store": store, "pages": pages})
    with listening(address, "--query"):
        server = ThreadingHTTPServer((address.host, address.port), handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with serving(server, thread, address.host) as where:
        yield where


def taking(store: Store, address: Address) -> tuple[grpc.aio.Server, Address]:
    """A server, not started yet, that takes spans, and where; in a running event loop.

    Raises OperationFailedError when it cannot listen there.
    """
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", MESSAGE)])
    _ADD(Collector(store), server)
    with listening(address, "--otlp"):
        return server, Address(address.host, server.add_insecure_port(str(address)))
