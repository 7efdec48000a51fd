"""The Gateway API's kinds: Gateway, and the routes of HTTP and gRPC, also those that a mesh takes for a Service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lbdemo.kube.records.meta import Condition, Meta, parse_conditions, parse_meta


@dataclass(frozen=True, slots=True)
class Listener:
    """One door of a Gateway. `hostname` "" takes every name; `routes` are the ones that it has taken."""

    name: str
    port: int
    protocol: str  # HTTP, HTTPS, TLS, TCP
    hostname: str = ""
    routes: int = 0


@dataclass(frozen=True, slots=True)
class Gateway:
    """One Gateway: of which class, its listeners, its addresses."""

    meta: Meta
    gateway_class: str
    listeners: tuple[Listener, ...]
    addresses: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()  # Accepted, Programmed


@dataclass(frozen=True, slots=True)
class Parent:
    """Whom a route is for: a Gateway, or a Service (then a mesh takes it). `port` 0 and `section` "" mean all."""

    kind: str
    name: str
    namespace: str  # the route's own where it names none
    section: str = ""
    port: int = 0


@dataclass(frozen=True, slots=True)
class Backend:
    """Where a rule sends requests."""

    name: str
    namespace: str
    port: int = 0
    weight: int = 1  # beside those of the rule's other backends; 0: none
    kind: str = "Service"


@dataclass(frozen=True, slots=True)
class Match:
    """One condition of a rule. For gRPC `service` and `method` ("" for every one); for HTTP `path` and its `type`.

    A gRPC service is named exactly unless `type` says RegularExpression.
    """

    type: str = ""
    path: str = ""
    service: str = ""
    method: str = ""
    headers: tuple[str, ...] = ()  # their names


@dataclass(frozen=True, slots=True)
class RouteRule:
    """One rule: which requests (any of the matches; all where there is none), and where to."""

    matches: tuple[Match, ...]
    backends: tuple[Backend, ...]
    timeout: str = ""  # of a request


@dataclass(frozen=True, slots=True)
class Route:
    """One HTTPRoute or GRPCRoute (`meta.kind` tells). `conditions` are all parents' together."""

    meta: Meta
    parents: tuple[Parent, ...]
    hostnames: tuple[str, ...]
    rules: tuple[RouteRule, ...]
    conditions: tuple[Condition, ...] = ()  # Accepted, ResolvedRefs; none where no controller has looked at it


def parse_gateway(item: Mapping[str, Any]) -> Gateway:
    """One Gateway object."""
    spec, status = item.get("spec") or {}, item.get("status") or {}
    attached = {one.get("name"): one.get("attachedRoutes", 0) for one in status.get("listeners") or ()}
    return Gateway(
        meta=parse_meta(item),
        gateway_class=spec.get("gatewayClassName", ""),
        listeners=tuple(
            Listener(one["name"], one["port"], one["protocol"], one.get("hostname", ""), attached.get(one["name"], 0))
            for one in spec.get("listeners") or ()
        ),
        addresses=tuple(one.get("value", "") for one in status.get("addresses") or ()),
        conditions=parse_conditions(status),
    )


def parse_route(item: Mapping[str, Any]) -> Route:
    """One HTTPRoute or GRPCRoute object."""
    meta, spec = parse_meta(item), item.get("spec") or {}
    seen = (item.get("status") or {}).get("parents") or ()
    return Route(
        meta=meta,
        parents=tuple(_parent(one, meta.namespace) for one in spec.get("parentRefs") or ()),
        hostnames=tuple(spec.get("hostnames") or ()),
        rules=tuple(_rule(one, meta.namespace) for one in spec.get("rules") or ()),
        conditions=tuple(condition for parent in seen for condition in parse_conditions(parent)),
    )


def _parent(item: Mapping[str, Any], namespace: str) -> Parent:
    kind, where = item.get("kind", "Gateway"), item.get("namespace") or namespace
    return Parent(kind, item["name"], where, item.get("sectionName", ""), item.get("port", 0))


def _rule(item: Mapping[str, Any], namespace: str) -> RouteRule:
    return RouteRule(
        matches=tuple(map(_match, item.get("matches") or ())),
        backends=tuple(_backend(one, namespace) for one in item.get("backendRefs") or ()),
        timeout=(item.get("timeouts") or {}).get("request", ""),
    )


def _match(item: Mapping[str, Any]) -> Match:
    path, method = item.get("path") or {}, item.get("method") or {}
    grpc = method if isinstance(method, Mapping) else {}  # of an HTTPRoute it is a verb
    return Match(
        type=path.get("type", "") or grpc.get("type", ""),
        path=path.get("value", ""),
        service=grpc.get("service", ""),
        method=grpc.get("method", ""),
        headers=tuple(header["name"] for header in item.get("headers") or ()),
    )


def _backend(item: Mapping[str, Any], namespace: str) -> Backend:
    where, weight = item.get("namespace") or namespace, item.get("weight", 1)
    return Backend(item["name"], where, item.get("port", 0), weight, item.get("kind", "Service"))
