"""Envoy's configuration, in pieces: listeners, routes, clusters. For this machine and for the cluster. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

TYPE = "type.googleapis.com/envoy.extensions"

LEAST_REQUEST = f"{TYPE}.load_balancing_policies.least_request.v3.LeastRequest"
EXTENSION = "envoy.load_balancing_policies"

# Left to itself Envoy's least request, and so Istio's, compares two servers drawn at random, at times the same one
# twice: of n servers a slow one still gets a part of 1/n^2 whatever it has in flight. A full scan compares all.
POLICIES = {
    "ROUND_ROBIN": (f"{EXTENSION}.round_robin", {"@type": f"{TYPE}.load_balancing_policies.round_robin.v3.RoundRobin"}),
    "LEAST_REQUEST": (f"{EXTENSION}.least_request", {"@type": LEAST_REQUEST}),
    "LEAST_REQUEST_FULL_SCAN": (
        f"{EXTENSION}.least_request",
        {"@type": LEAST_REQUEST, "selection_method": "FULL_SCAN"},
    ),
}
"""The name and the configuration of Envoy's extension for each policy."""

MANAGER = "envoy.filters.network.http_connection_manager"
ROUTER = {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{TYPE}.filters.http.router.v3.Router"}}
GRPC_WEB = {
    "name": "envoy.filters.http.grpc_web",
    "typed_config": {"@type": f"{TYPE}.filters.http.grpc_web.v3.GrpcWeb"},
}
STATIC = {"type": "STATIC"}


def place(host: str, port: int) -> dict[str, Any]:
    """An address; `::` takes IPv4 as well."""
    both = {"ipv4_compat": True} if ":" in host else {}
    return {"socket_address": {"address": host, "port_value": port, **both}}


def listener(
    name: str, where: Mapping[str, Any], routes: Sequence[Mapping[str, Any]], filters: Sequence[Mapping[str, Any]] = (),
    **manager: Any,
) -> dict[str, Any]:  # fmt: skip
    """A listener for HTTP, its routes in their order, `filters` before the router.

    `manager` are further settings of the HTTP connection manager; of its `route_config`, too.
    """
    more = manager.pop("route_config", {})
    settings = {
        "@type": f"{TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "route_config": {**more, "virtual_hosts": [{"name": name, "domains": ["*"], "routes": [*routes]}]},
        "http_filters": [*filters, ROUTER],
        **manager,
    }
    return {
        "name": name, "address": where, "filter_chains": [{"filters": [{"name": MANAGER, "typed_config": settings}]}]
    }  # fmt: skip


def calls(cluster: str, prefix: str = "/", **route: Any) -> dict[str, Any]:
    """The route of gRPC calls under a prefix to a cluster.

    The client's own deadline ends a call; Envoy's default of 15 s would be a second one.
    """
    return {"match": {"prefix": prefix}, "route": {"cluster": cluster, "timeout": "0s", **route}}


def cluster(
    name: str, policy: str, addresses: Iterable[Mapping[str, Any]], kind: Mapping[str, Any] = STATIC, **more: Any
) -> dict[str, Any]:
    """gRPC servers at these addresses, chosen for each request by one of POLICIES.

    `kind` says how an address is looked up, `more` are further settings.
    """
    upstream = {
        "@type": f"{TYPE}.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
    extension, configuration = POLICIES[policy]
    chosen = {"name": extension, "typed_config": configuration}
    return {
        "name": name,
        **kind,
        "connect_timeout": "5s",
        "load_balancing_policy": {"policies": [{"typed_extension_config": chosen}]},
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": upstream},
        **_endpoints(name, addresses),
        **more,
    }


def _endpoints(name: str, addresses: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    endpoints = [{"endpoint": {"address": address}} for address in addresses]
    return {"load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]}}


COLLECTOR = "collector"
FLUSH_MS = 200
"""How often an Envoy here tells its spans: left to itself every 5 s, or with every fifth span."""


def spans(service: str) -> dict[str, Any]:
    """A listener's settings that make it tell the cluster COLLECTOR, by OTLP over gRPC, of each request.

    Where a caller traces its call, Envoy's span is below the caller's; where none does, Envoy begins a trace.
    """
    told = {
        "@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig",
        # What is not taken by then is lost.
        "grpc_service": {"envoy_grpc": {"cluster_name": COLLECTOR}, "timeout": "10s"},
        "service_name": service,
    }
    return {"tracing": {"provider": {"name": "envoy.tracers.opentelemetry", "typed_config": told}}}


def collector(kind: Mapping[str, Any], address: Mapping[str, Any]) -> dict[str, Any]:
    """The cluster COLLECTOR."""
    return cluster(COLLECTOR, "ROUND_ROBIN", [address], kind)


def pages(name: str, address: Mapping[str, Any]) -> dict[str, Any]:
    """A server of pages, by HTTP/1.1."""
    return {"name": name, **STATIC, "connect_timeout": "5s", **_endpoints(name, [address])}


def bootstrap(
    admin: Mapping[str, Any], listeners: Sequence[Mapping[str, Any]], clusters: Sequence[Mapping[str, Any]],
    node: str = "",
) -> dict[str, Any]:  # fmt: skip
    """A whole configuration, with its admin interface at `admin`; `node` is the name that it has in its spans."""
    static = {"tracing.opentelemetry.flush_interval_ms": FLUSH_MS}
    named = {
        "node": {"id": node, "cluster": node},
        "layered_runtime": {"layers": [{"name": "lbdemo", "static_layer": static}]},
    }
    return {
        "admin": {"address": admin},
        "static_resources": {"listeners": [*listeners], "clusters": [*clusters]},
        **(named if node else {}),
    }
