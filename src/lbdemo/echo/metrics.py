"""What a client or a server tells Prometheus, under the names that dashboards and rules look for."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import grpc
from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server

from lbdemo.echo.address import Address, listening
from lbdemo.echo.http_serving import serving
from lbdemo.echo.service import SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = (
    0.0001, 0.0003, 0.0006, 0.001, 0.002, 0.003, 0.005, 0.008, 0.013, 0.02, 0.03, 0.05, 0.08, 0.13, 0.2, 0.3, 0.5, 0.8,
    1, 2, 5, 10, 20, 50, 100,
)  # fmt: skip
"""Upper bounds of the histograms' buckets: every second or third of those that gRPC's proposal A66 has."""


class Metrics:
    """Counts the calls of the Echo service twice: as go-grpc-middleware names them, and as gRPC's proposal A66 does.

    Both are here since both are looked for; whoever adds up has to take one of them. `side` is "server" or "client";
    the names of A66 are a counter of what began, and histograms: of whole calls, then of single attempts, if any. All
    of A66's series carry `labels`.
    """

    def __init__(self, side: str, begun: str, durations: Sequence[str], labels: Mapping[str, str]) -> None:
        self.registry, self.labels = CollectorRegistry(), tuple(labels.values())
        of_method = ("grpc_type", "grpc_service", "grpc_method")
        self.started = self._counter(f"grpc_{side}_started", "Calls that began.", *of_method)
        self.handled = self._counter(f"grpc_{side}_handled", "Calls that ended, by code.", *of_method, "grpc_code")
        self.handling = self._histogram(f"grpc_{side}_handling_seconds", "How long calls took.", *of_method)
        self.begun = self._counter(begun, "Calls, or attempts at them, that began.", "grpc_method", *labels)
        self.durations = [
            self._histogram(name, "How long that took, by code.", "grpc_method", *labels, "grpc_status")
            for name in durations
        ]

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(name, about, labels, registry=self.registry)

    def _histogram(self, name: str, about: str, *labels: str) -> Histogram:
        return Histogram(name, about, labels, registry=self.registry, buckets=SECONDS)


class Method:
    """The series of one method, looked up once: a lookup costs as much as counting does.

    Its kind is unary, server_stream or bidi_stream.
    """

    def __init__(self, metrics: Metrics, name: str, kind: str) -> None:
        self._metrics, self._name, self._kind = metrics, name, kind
        self._started = metrics.started.labels(kind, SERVICE, name)
        self._begun = metrics.begun.labels(f"{SERVICE}/{name}", *metrics.labels)
        self._handling = metrics.handling.labels(kind, SERVICE, name)
        self._by_code: dict[grpc.StatusCode, tuple[Counter, list[Histogram]]] = {}

    def begin(self) -> float:
        """A call begins; returns when that was, for its end."""
        self._started.inc()
        self._begun.inc()
        return time.perf_counter()

    def end(self, code: grpc.StatusCode, begun: float, attempts: int = 1) -> None:
        """A call has ended. Of several attempts at it only their number is known, not how long each took."""
        seconds = time.perf_counter() - begun
        handled, (whole, *single) = self._by_code.get(code) or self._of(code)
        handled.inc()
        whole.observe(seconds)
        self._handling.observe(seconds)
        if attempts > 1:
            self._begun.inc(attempts - 1)
            return
        for histogram in single:
            histogram.observe(seconds)

    def _of(self, code: grpc.StatusCode) -> tuple[Counter, list[Histogram]]:
        metrics = self._metrics
        handled = metrics.handled.labels(self._kind, SERVICE, self._name, _in_words(code))
        of_method = (f"{SERVICE}/{self._name}", *metrics.labels, code.name)
        return self._by_code.setdefault(code, (handled, [each.labels(*of_method) for each in metrics.durations]))


def _in_words(code: grpc.StatusCode) -> str:
    """The code as Go writes it, and go-grpc-middleware after it: OK, DeadlineExceeded, with Canceled."""
    words = {grpc.StatusCode.OK: "OK", grpc.StatusCode.CANCELLED: "Canceled"}
    return words.get(code, code.name.title().replace("_", ""))


@contextmanager
def exposed(metrics: Metrics, address: Address) -> Iterator[Address]:
    """Serves them over HTTP, in a thread of its own; yields where, with the real port.

    Raises OperationFailedError when it cannot listen there.
    """
    with listening(address, "--metrics"):
        server, thread = start_http_server(address.port, address.host, metrics.registry)
    with serving(server, thread, address.host) as where:
        yield where
