"""The collector of a demonstration, and what it has of each act."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from lbdemo.errors import MissingProgramError
from lbdemo.local.acts import Route
from lbdemo.local.asking import ask
from lbdemo.local.processes import python
from lbdemo.traces import Trace, joined
from lbdemo.traces.otlp import spans
from lbdemo.traces.proof import Proof, prove
from lbdemo.traces.record import proof_record
from lbdemo.traces.role import DIRECT, PROXIED

if TYPE_CHECKING:
    from lbdemo.local.acts import Act
    from lbdemo.local.processes import ProcessGroup
    from lbdemo.records import Result

SAYS = r"taking spans on (\S+), answering on http://(\S+)\n"
DELAY_MS = 200  # between two deliveries of a server: OpenTelemetry's own 5 s are long before somebody who waits
PATIENCE = 10.0
"""Seconds after which spans that are still missing count as missing."""

LOOK = 0.2
HTTP_LIMIT = 10.0


@dataclass(frozen=True, slots=True)
class Collector:
    """A running collector: where it takes spans, and where it answers (HOST:PORT)."""

    otlp: str
    query: str

    @property
    def endpoint(self) -> str:
        """Where to tell spans, as OpenTelemetry's variables have it."""
        return f"http://{self.otlp}"

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes a server tell it of each call."""
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": self.endpoint, "OTEL_BSP_SCHEDULE_DELAY": str(DELAY_MS)}

    def traces(self, since: float) -> tuple[Trace, ...]:
        """What it has of traces that began at that time (seconds since 1970), or later. Raises OperationFailedError."""
        begin = quote(datetime.fromtimestamp(since, UTC).isoformat())
        path = f"/api/v3/traces?query.start_time_min={begin}"
        return joined(spans(ask("the collector", self.query, path, HTTP_LIMIT)))


def check_available() -> None:
    """Raises MissingProgramError where OpenTelemetry is not installed."""
    from lbdemo.echo.tracing import INSTALL, missing

    if package := missing():
        raise MissingProgramError(f"traces need OpenTelemetry: the package {package} is missing", INSTALL)


def start_collector(group: ProcessGroup) -> Collector:
    """A collector on loopback, on ports of the system's choice."""
    child = group.start(python("-m", "lbdemo", "collector", "--otlp", "127.0.0.1:0", "--query", "127.0.0.1:0"))
    said = child.said(SAYS)
    return Collector(said[1], said[2])


@contextmanager
def telling(collector: Collector | None) -> Iterator[None]:
    """Traces of this process' calls go to the collector, if there is one."""
    if collector is None:
        yield
        return
    from lbdemo.echo.tracing import CLIENT, tracing

    with tracing(CLIENT, os.environ, name="client", endpoint=collector.endpoint, every=DELAY_MS / 1000):
        yield


def proven(collector: Collector, act: Act, run: str, result: Result, begun: float) -> Result:
    """The result with what the collector has of its calls: each of them whole, or what is missing.

    `begun` is when the act began, in seconds since 1970: what was called before, such as the probe, is no part of it.
    Waits until nothing is missing, or for PATIENCE seconds.
    """
    path = PROXIED if act.route is Route.ENVOY else DIRECT
    deadline = time.monotonic() + PATIENCE
    while True:
        proof = prove(collector.traces(begun), run, result.summary.sent, path)
        if proof.holds or time.monotonic() > deadline:
            return with_proof(result, proof)
        time.sleep(LOOK)


def with_proof(result: Result, proof: Proof) -> Result:
    """The result, which is only as promised when the proof holds."""
    told = {**result.extra, "traces": proof_record(proof)}
    return replace(result, extra=told, promises_kept=result.promises_kept and proof.holds)
