"""Spans of calls and their way to a collector: OpenTelemetry's, set up. Imports none of it before it is asked to.

What OpenTelemetry's own variables say holds (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER, …):
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/.
"""

from __future__ import annotations

import importlib.util
import logging
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

from lbdemo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from opentelemetry.sdk.resources import Resource
    from opentelemetry.trace import Tracer

    from lbdemo.echo.delivery import Delivery
    from lbdemo.records.spans import Spans

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
CLIENT, SERVER = "lbdemo-client", "lbdemo-server"
"""The names of the services, unless the environment has others."""

DEFAULT_ENDPOINT = "http://localhost:4317"
INSTALL = "pip install 'lbdemo[trace]' brings it"

PACKAGES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.grpc", "opentelemetry.instrumentation.grpc")

END_LIMIT = 5.0
"""Seconds that spans get to be delivered at the end."""


def wanted(told: bool | None, environment: Mapping[str, str]) -> bool:
    """Whether to trace: as was said, else where the environment names a collector."""
    return told if told is not None else any(environment.get(name) for name in ENDPOINTS)


def missing() -> str:
    """The package of OpenTelemetry's that is not installed; "" for none."""
    return next((name for name in PACKAGES if not _is_there(name)), "")


def _is_there(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ImportError:  # what it would be part of is not there, either
        return False


def check_installed(what: str) -> None:
    """Raises InputError where OpenTelemetry is not installed, which is needed for `what`."""
    if package := missing():
        raise InputError(f"{what} OpenTelemetry: the package {package} is missing", INSTALL)


def check_protocol(environment: Mapping[str, str]) -> None:
    """Raises InputError for a protocol that is not spoken here."""
    for name in PROTOCOLS:
        if environment.get(name, "grpc") != "grpc":
            raise InputError(
                f"{name}={environment[name]}: spans leave by OTLP over gRPC only", "set it to grpc, or use --no-trace"
            )


class Tracing:
    """What spans are made with, and what became of them."""

    def __init__(self, tracer: Tracer, delivery: Delivery, endpoint: str) -> None:
        self.tracer, self.delivery, self.endpoint = tracer, delivery, endpoint

    @property
    def spans(self) -> Spans:
        """What became of them, so far."""
        from lbdemo.records.spans import Spans  # a server needs no records otherwise, and starts sooner without

        return Spans(self.delivery.ended, self.delivery.lost, self.delivery.reason)

    @property
    def words(self) -> str:
        """One line on what was not delivered; "" for nothing."""
        lost = self.delivery.lost
        why = f": {self.delivery.reason}" if self.delivery.reason else ""
        return f"{lost} of {self.delivery.ended} spans were not delivered to {self.endpoint}{why}" if lost else ""


_now: list[Tracing] = []


def current() -> Tracing:
    """What `tracing` has set up. Raises RuntimeError outside of it."""
    if not _now:
        raise RuntimeError("nothing is set up for traces")
    return _now[-1]


@contextmanager
def tracing(
    service: str,
    environment: Mapping[str, str],
    name: str = "",
    endpoint: str = "",
    every: float | None = None,
    patience: float = END_LIMIT,
) -> Iterator[Tracing]:
    """Makes spans possible, in the name of a service and of one instance of it; delivers what is left at the end.

    `endpoint` and `every` (seconds between two deliveries) have precedence over the environment; the end takes
    `patience` seconds at most. Raises InputError where OpenTelemetry is not installed, or would have to speak another
    protocol.
    """
    check_protocol(environment)
    check_installed("traces need")
    from opentelemetry.sdk.trace import TracerProvider

    from lbdemo.echo.delivery import Batches, Delivery

    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # what is lost is told once, at the end
    where = endpoint or next(filter(None, map(environment.get, ENDPOINTS)), DEFAULT_ENDPOINT)
    delivery = Delivery(endpoint)
    provider = TracerProvider(resource=resource(service, environment, name), shutdown_on_exit=False)
    provider.add_span_processor(Batches(delivery, every))
    _now.append(Tracing(provider.get_tracer("lbdemo"), delivery, where))
    try:
        yield _now[-1]
    finally:
        _now.pop()
        ending = Thread(target=provider.shutdown, daemon=True)
        ending.start()
        ending.join(patience)


def resource(service: str, environment: Mapping[str, str], name: str) -> Resource:
    """Who makes the spans; what the environment says of that holds."""
    from opentelemetry.sdk.resources import Resource

    said = environment.get("OTEL_RESOURCE_ATTRIBUTES", "")
    named = environment.get("OTEL_SERVICE_NAME") or "service.name=" in said
    told = {} if named else {"service.name": service}
    if pod := environment.get("POD_NAME"):
        told["k8s.pod.name"] = pod
    if instance := name or pod:
        told["service.instance.id"] = instance
    return Resource.create(told)
