"""The counters of calls that meshes and gRPC's libraries have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Series:
    """A counter of calls: its name, the label that names the method or the service, and labels that must be so."""

    name: str
    method: str = ""
    wanted: Mapping[str, str] | None = None


SERIES = (
    Series("istio_requests_total", "", {"reporter": "destination", "request_protocol": "grpc"}),
    Series("request_total", "", {"direction": "inbound"}),
    Series("grpc_server_started_total", "grpc_service"),
    Series("grpc_server_handled_total", "grpc_service"),
    Series("grpc_server_call_started_total", "grpc_method"),
    Series("grpc_server_call_duration_seconds_count", "grpc_method"),
    Series("rpc_server_call_duration_seconds_count", "rpc_method"),
    Series("rpc_server_duration_milliseconds_count", "rpc_service"),
    Series("rpc_server_duration_count", "rpc_service"),
)
"""What meshes and gRPC's libraries count by, the surest first (Istio, Linkerd, go-grpc-prometheus and its like,
gRPC's own OpenTelemetry plugin, OpenTelemetry's conventions of now and before)."""


def best(told: Sequence[Collection[str]]) -> str:
    """The surest series that all of the pods tell; "" for none."""
    return next((each.name for each in SERIES if told and all(each.name in names for names in told)), "")
