"""Where a service's calls are counted, pod by pod: by its gRPC library, or by the mesh's proxy beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from lbdemo.promql import quoted

OWN = r"grpc[.]health.*|grpc[.]reflection.*"
"""Services and methods of gRPC's own, which nobody balances."""


@dataclass(frozen=True, slots=True)
class Service:
    """A Kubernetes Service; `pods` is a regular expression for the names of its pods."""

    name: str
    namespace: str
    pods: str

    @property
    def of_pods(self) -> str:
        """Matchers for what is scraped from its pods, with the labels that Prometheus Operator and others attach."""
        return f"namespace={quoted(self.namespace)}, pod=~{quoted(self.pods)}"


Origin = Callable[[Service], str]
"""The series of a service's calls: a selector for a counter that has a label `pod`."""


def _grpc(service: Service) -> str:
    return f'grpc_server_started_total{{{service.of_pods}, grpc_service!~"{OWN}"}}'


def _otel(service: Service) -> str:
    return f'grpc_server_call_started_total{{{service.of_pods}, grpc_method!~"{OWN}"}}'


def _istio(service: Service) -> str:
    """The server's own sidecar: what a caller's reports names no pod."""
    of_service = f'destination_service_name="{service.name}", destination_service_namespace="{service.namespace}"'
    return f'istio_requests_total{{reporter="destination", {of_service}, request_protocol="grpc"}}'


def _linkerd(service: Service) -> str:
    return f'request_total{{direction="inbound", {service.of_pods}}}'


ORIGINS: Mapping[str, Origin] = MappingProxyType({"grpc": _grpc, "otel": _otel, "istio": _istio, "linkerd": _linkerd})
"""By name, the surest first: go-grpc-middleware and its like in other languages, gRPC's own OpenTelemetry plugin
(proposal A66), Istio's sidecar, Linkerd's proxy."""
