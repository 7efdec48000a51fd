"""Istio's kinds that decide where a request goes: VirtualService, DestinationRule, PeerAuthentication."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lbdemo.kube.records.meta import Meta, parse_meta

MESH = "mesh"  # the gateway that stands for all sidecars


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a route sends requests: a host (a Service's name, short or whole), a subset of it, a port (0: its own)."""

    host: str
    subset: str = ""
    port: int = 0
    weight: int = 100  # of all destinations of its route together; one alone gets all
    weighed: bool = True  # whether the weight stands there; where it does not it is 0, or all


@dataclass(frozen=True, slots=True)
class MeshRoute:
    """One rule of a VirtualService; the first one that matches is taken."""

    protocol: str  # http (gRPC among it), tls, tcp
    destinations: tuple[Destination, ...]
    matches: bool = False  # whether it has conditions; a rule without takes all
    name: str = ""
    retries: int | None = None  # attempts; None when it does not say
    timeout: str = ""  # such as 5s
    mirror: str = ""  # the host that gets copies


@dataclass(frozen=True, slots=True)
class VirtualService:
    """One VirtualService: for which hosts it stands, at which gateways, and its routes."""

    meta: Meta
    hosts: tuple[str, ...]
    gateways: tuple[str, ...]  # (MESH,) where none is named
    routes: tuple[MeshRoute, ...]
    export_to: tuple[str, ...] = ()  # namespaces that it holds in; "." its own; empty: all


@dataclass(frozen=True, slots=True)
class TrafficPolicy:
    """How requests reach one host (or a subset, or a port of it). What is not said is "" or None.

    `balancer` is LEAST_REQUEST, ROUND_ROBIN, RANDOM, PASSTHROUGH (Istio's own words), or CONSISTENT_HASH with the key
    in `hashed_by`, such as httpHeaderName x-user.
    """

    balancer: str = ""
    hashed_by: str = ""
    locality: bool | None = None  # localityLbSetting: whether zones are preferred; None when it is the mesh's to say
    warmup: str = ""
    max_connections: int | None = None
    max_requests: int | None = None  # in flight
    requests_per_connection: int | None = None
    upgrade: str = ""  # h2UpgradePolicy
    outlier_detection: bool = False
    tls: str = ""  # DISABLE, SIMPLE, MUTUAL, ISTIO_MUTUAL
    max_streams: int | None = None  # calls at once on one connection
    hash: str = ""  # consistentHash as it stands, as JSON
    tls_settings: str = ""  # tls as it stands, as JSON, where it says more than its mode


@dataclass(frozen=True, slots=True)
class Subset:
    """Some of a host's pods, by labels; `policy` is None where the host's own holds."""

    name: str
    labels: Mapping[str, str]
    policy: TrafficPolicy | None = None


@dataclass(frozen=True, slots=True)
class DestinationRule:
    """One DestinationRule: it holds for the host that a route has chosen, not for the one that was called."""

    meta: Meta
    host: str
    policy: TrafficPolicy
    ports: Mapping[int, TrafficPolicy] = field(default_factory=dict)  # portLevelSettings: in the policy's place
    subsets: tuple[Subset, ...] = ()
    selector: Mapping[str, str] = field(default_factory=dict)  # of the clients that it is for; empty: all
    export_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PeerAuthentication:
    """One PeerAuthentication: whether servers take plain text. Modes are UNSET, DISABLE, PERMISSIVE, STRICT."""

    meta: Meta
    mode: str
    selector: Mapping[str, str] = field(default_factory=dict)  # of the servers that it is for; empty: the namespace
    ports: Mapping[int, str] = field(default_factory=dict)


def parse_virtual_service(item: Mapping[str, Any]) -> VirtualService:
    """One VirtualService object."""
    spec = item.get("spec") or {}
    return VirtualService(
        meta=parse_meta(item),
        hosts=tuple(spec.get("hosts") or ()),
        gateways=tuple(spec.get("gateways") or (MESH,)),
        routes=tuple(_route(kind, route) for kind in ("http", "tls", "tcp") for route in spec.get(kind) or ()),
        export_to=tuple(spec.get("exportTo") or ()),
    )


def _route(protocol: str, item: Mapping[str, Any]) -> MeshRoute:
    retries = (item.get("retries") or {}).get("attempts")
    destinations = item.get("route") or ()
    return MeshRoute(
        protocol=protocol,
        destinations=tuple(_destination(to, alone=len(destinations) == 1) for to in destinations),
        matches=bool(item.get("match")),
        name=item.get("name", ""),
        retries=retries,
        timeout=item.get("timeout", ""),
        mirror=(item.get("mirror") or {}).get("host", ""),
    )


def _destination(item: Mapping[str, Any], *, alone: bool) -> Destination:
    to = item.get("destination") or {}
    weight = item.get("weight") or (100 if alone else 0)
    number = (to.get("port") or {}).get("number", 0)
    return Destination(to.get("host", ""), to.get("subset", ""), number, weight, weighed="weight" in item)


def parse_destination_rule(item: Mapping[str, Any]) -> DestinationRule:
    """One DestinationRule object."""
    spec = item.get("spec") or {}
    policy = spec.get("trafficPolicy") or {}
    ports = policy.get("portLevelSettings") or ()
    return DestinationRule(
        meta=parse_meta(item),
        host=spec.get("host", ""),
        policy=_policy(policy),
        ports={(port.get("port") or {}).get("number", 0): _policy(port) for port in ports},
        subsets=tuple(map(_subset, spec.get("subsets") or ())),
        selector=(spec.get("workloadSelector") or {}).get("matchLabels") or {},
        export_to=tuple(spec.get("exportTo") or ()),
    )


def _subset(item: Mapping[str, Any]) -> Subset:
    policy = item.get("trafficPolicy")
    return Subset(item["name"], item.get("labels") or {}, _policy(policy) if policy else None)


def _policy(item: Mapping[str, Any]) -> TrafficPolicy:
    balancer, pool = item.get("loadBalancer") or {}, item.get("connectionPool") or {}
    hashed, http = balancer.get("consistentHash"), pool.get("http") or {}
    locality = balancer.get("localityLbSetting")
    return TrafficPolicy(
        balancer="CONSISTENT_HASH" if hashed is not None else balancer.get("simple", ""),
        hashed_by=_key(hashed or {}),
        hash=json.dumps(hashed) if hashed else "",
        locality=None if locality is None else locality.get("enabled") is not False,
        warmup=(balancer.get("warmup") or {}).get("duration", "") or balancer.get("warmupDurationSecs", ""),
        max_connections=(pool.get("tcp") or {}).get("maxConnections"),
        max_requests=http.get("http2MaxRequests"),
        requests_per_connection=http.get("maxRequestsPerConnection"),
        max_streams=http.get("maxConcurrentStreams"),
        upgrade=http.get("h2UpgradePolicy", ""),
        outlier_detection="outlierDetection" in item,
        tls=(item.get("tls") or {}).get("mode", ""),
        tls_settings=json.dumps(item["tls"]) if len(item.get("tls") or ()) > 1 else "",
    )


def _key(hashed: Mapping[str, Any]) -> str:
    """What of a request decides its server, such as `httpHeaderName x-user` or `useSourceIp`."""
    for name in ("httpHeaderName", "httpQueryParameterName"):
        if name in hashed:
            return f"{name} {hashed[name]}"
    if "httpCookie" in hashed:
        return f"httpCookie {hashed['httpCookie'].get('name', '')}".rstrip()
    return "useSourceIp" if hashed.get("useSourceIp") else ""


def parse_peer_authentication(item: Mapping[str, Any]) -> PeerAuthentication:
    """One PeerAuthentication object."""
    spec = item.get("spec") or {}
    return PeerAuthentication(
        meta=parse_meta(item),
        mode=_mode(spec.get("mtls")),
        selector=(spec.get("selector") or {}).get("matchLabels") or {},
        ports={int(port): _mode(mode) for port, mode in (spec.get("portLevelMtls") or {}).items()},
    )


def _mode(mtls: Mapping[str, Any] | None) -> str:
    return str((mtls or {}).get("mode") or "UNSET")
