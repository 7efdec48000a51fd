"""What has the spans, asked through the API server: Jaeger's query service or our collector, which answer alike.

https://www.jaegertracing.io/docs/latest/architecture/apis/ (API v3, the traces as OTLP has them in JSON).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lbdemo.cluster.addons import catalogue
from lbdemo.cluster.install import tracing
from lbdemo.errors import InputError, OperationFailedError
from lbdemo.kube.answers import Unseen, UnseenError, Why
from lbdemo.kube.api import Api
from lbdemo.traces import Trace, joined
from lbdemo.traces.otlp import spans

PATH = "/api/v3/traces"
MOST = 10_000
"""Traces that are asked for at once: below what a Jaeger in memory holds, which refuses to be asked for more."""
TIMEOUT = 15.0
GONE = 404
FAILED = 400
PLACE = re.compile(r"([a-z0-9-]+)(?:\.([a-z0-9-]+)(?:\.svc[a-z0-9.-]*)?)?(?::(\d{1,5}))?(/[^?#]*)?")


class AwayError(OperationFailedError):
    """What has the spans does not answer, or not as it should."""


@dataclass(frozen=True, slots=True)
class Backend:
    """Where questions are answered: a Service's port, and the path before the API's own."""

    service: str
    namespace: str
    port: int = tracing.QUERY
    path: str = ""

    def traces(self, api: Api, begin: float, end: float) -> tuple[Trace, ...]:
        """The traces with spans between two times (seconds since 1970).

        Raises AwayError where it does not answer, UnseenError where this user may not ask.
        """
        query = {
            "query.start_time_min": _moment(begin), "query.start_time_max": _moment(end),
            "query.num_traces": str(MOST),
        }  # fmt: skip
        found = api.service_get(
            self.service, self.namespace, self.port, f"{self.path}{PATH}", query=query, timeout=TIMEOUT
        )
        if isinstance(found, Unseen):
            if found.why in (Why.FORBIDDEN, Why.UNKNOWN_USER, Why.LOGIN):
                raise UnseenError(found)
            raise AwayError(f"{self} cannot be asked: {found.detail or found.why}")
        return joined(self._read(found.status, found.body))

    def _read(self, status: int, body: bytes) -> Any:
        document = _json(body)
        if status == GONE and document is not None:  # as Jaeger says "none"
            return ()
        if status >= FAILED or document is None:
            said = body.decode(errors="replace").strip().partition("\n")[0][:200]
            raise AwayError(f"{self} answers HTTP {status}: {said or 'nothing'}")
        try:
            return spans(document)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise AwayError(f"{self} answers what is no traces: {error}") from error

    def __str__(self) -> str:
        return f"{self.service}.{self.namespace}:{self.port}{self.path}"


def backend_of(otlp: str, namespace: str, query: str = "") -> Backend:
    """What answers for spans that are sent to an address; `query` (SERVICE[.NAMESPACE][:PORT][/PATH]) says it itself.

    Raises InputError where nobody can know.
    """
    if query:
        return parse(query, namespace)
    host, _, _ = otlp.rpartition(":")
    service, _, rest = host.partition(".")
    place = rest.partition(".")[0] or namespace
    if service == tracing.NAME:
        return Backend(service, place)
    if service == catalogue.otlp(place).service:
        known = catalogue.query(place)
        return Backend(known.service, place, known.port, catalogue.ADDONS["jaeger"].path)
    raise InputError(
        f"spans go to {otlp}, and lbdemo does not know who answers for it",
        "name the Service of its Jaeger: --query SERVICE.NAMESPACE:PORT[/PATH]",
    )


def parse(query: str, namespace: str) -> Backend:
    """What --query names. Raises InputError."""
    found = PLACE.fullmatch(query)
    if found is None:
        raise InputError(f"--query {query!r} is no Service", "SERVICE[.NAMESPACE][:PORT][/PATH], as jaeger.shop:16686")
    return Backend(found[1], found[2] or namespace, int(found[3] or tracing.QUERY), (found[4] or "").rstrip("/"))


def _json(body: bytes) -> Mapping[str, Any] | None:
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
