"""The counters of calls that meshes and gRPC's libraries have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Series:
    """A counter of calls: its name, the label that names the method or the service, and labels that must be so.

    `status` is the label that says how they ended.
    """

    name: str
    method: str = ""
    wanted: Mapping[str, str] | None = None
    status: str = ""


SERIES = (
    Series("istio_requests_total", "", {"reporter": "destination", "request_protocol": "grpc"}, "grpc_response_status"),
    Series("request_total", "", {"direction": "inbound"}),
    Series("grpc_server_started_total", "grpc_service"),
    Series("grpc_server_handled_total", "grpc_service", status="grpc_code"),
    Series("grpc_server_call_started_total", "grpc_method"),
    Series("grpc_server_call_duration_seconds_count", "grpc_method", status="grpc_status"),
    Series("rpc_server_call_duration_seconds_count", "rpc_method", status="rpc_response_status_code"),
    Series("rpc_server_duration_milliseconds_count", "rpc_service", status="rpc_grpc_status_code"),
    Series("rpc_server_duration_count", "rpc_service", status="rpc_grpc_status_code"),
)
"""What meshes and gRPC's libraries count by, the surest first (Istio, Linkerd, go-grpc-prometheus and its like,
gRPC's own OpenTelemetry plugin, OpenTelemetry's conventions of now and before)."""

LINKERD_ENDED = Series("response_total", "", {"direction": "inbound"}, "grpc_status")
"""How calls end that Linkerd's proxy counts as `request_total`."""
_ISTIO, *_LIBRARIES = (series for series in SERIES if series.status)
ENDED = (_ISTIO, LINKERD_ENDED, *_LIBRARIES)
"""Those that say how calls ended, the surest first."""

FAULTS = {
    "2": "UNKNOWN", "4": "DEADLINE_EXCEEDED", "12": "UNIMPLEMENTED", "13": "INTERNAL", "14": "UNAVAILABLE",
    "15": "DATA_LOSS",
}  # fmt: skip
"""gRPC's status codes by which a server fails; by the others its caller is told something, as by NOT_FOUND.

So OpenTelemetry's conventions mark a server's spans, and so Envoy counts calls as failed, which takes these for
statuses of HTTP from 500 on.
"""
_SPELLED = {name.replace("_", ""): name for name in FAULTS.values()}


def fault(code: str) -> str:
    """The status code's name if the server fails by it, else "": of a number, `Unavailable` (Go), `UNAVAILABLE`."""
    return FAULTS.get(code) or _SPELLED.get(code.replace("_", "").upper(), "")


def best(told: Sequence[Collection[str]]) -> str:
    """The surest series that all of the pods tell; "" for none."""
    return next((each.name for each in SERIES if told and all(each.name in names for names in told)), "")
