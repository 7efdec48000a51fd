"""Made-up services in a mesh, for rules about Istio."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from diagnose.shops import CLUSTER_IP, LISTENS, PORT, SHOP, caller, envoy_looks, pod, route, shop

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.evidence import Caller, Evidence, Surroundings
from lbdemo.diagnose.findings import CannotTell, Finding
from lbdemo.diagnose.looks import ClientLook, EnvoyCluster, EnvoyHost, EnvoyLook
from lbdemo.kube.records.gateways import Backend, Parent, Route, RouteRule
from lbdemo.kube.records.istio import (
    Destination,
    DestinationRule,
    MeshRoute,
    Subset,
    TrafficPolicy,
    VirtualService,
)
from lbdemo.kube.records.meta import Condition, Meta
from lbdemo.kube.records.pods import Pod

HOST = "payments.shop.svc.cluster.local"
ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.0.0.3")
SIDECAR = caller("checkout", proxy="istio-proxy")


def calling(who: Caller, *rates: int, **more: Any) -> dict[str, Any]:
    """A caller whose sidecar sends so many calls a turn to each pod."""
    return {
        "callers": [who], "envoys": envoy_looks(who, dict(zip(ADDRESSES, rates, strict=False)), HOST, **more),
    }  # fmt: skip


def changed(evidence: Evidence, address: str, **told: Any) -> Evidence:
    """The evidence with something else told of one host in all looks at Envoys."""

    def host(one: EnvoyHost) -> EnvoyHost:
        return replace(one, **told) if one.address == address else one

    def look(one: EnvoyLook) -> EnvoyLook:
        return replace(one, hosts=tuple(map(host, one.hosts)))

    return replace(evidence, envoys=tuple(map(look, evidence.envoys)))


def refusing(evidence: Evidence, lasting: bool = False) -> Evidence:
    """The evidence with nothing but failures at callers' sidecars; connections end with each call, or last."""

    def host(one: EnvoyHost) -> EnvoyHost:
        opened = min(one.calls_total, 1) if lasting else one.calls_total
        return replace(
            one, calls_ok=0, calls_failed=one.calls_total, connections_total=opened,
            connections_active=opened if lasting else 0,
        )  # fmt: skip

    looks = (replace(look, hosts=tuple(map(host, look.hosts))) for look in evidence.envoys)
    return replace(evidence, envoys=tuple(looks))


def inside(*servers: str, calls: int = 40, ok: int = 0, connections: int = 40, port: int = LISTENS) -> Evidence:
    """A meshed service all of whose calls fail, and two looks at the sidecars of these servers, a second apart."""

    def host(turn: int) -> EnvoyHost:
        return EnvoyHost(
            f"inbound|{port}||", "10.0.0.1", port, calls_total=100 + calls * turn, calls_ok=100 + ok * turn,
            calls_failed=(calls - ok) * turn, connections_total=9 + connections * turn,
        )  # fmt: skip

    pods = tuple(pod(f"payments-{end}", ADDRESSES[n], proxy="istio-proxy") for n, end in enumerate("abc"))
    seen = refusing(shop(**calling(SIDECAR, 9, 9, 9), pods=pods), lasting=True)
    looks = tuple(EnvoyLook(f"{SHOP}/{name}", turn, float(turn), (host(turn),)) for name in servers for turn in (0, 1))
    return replace(seen, envoys=seen.envoys + looks)


def encrypting(*rates: int, logged: int | None = 7, kind: str = "http") -> Evidence:
    """A caller that is told of the service, whose sidecar sends so many calls, and whose log tells of handshakes."""
    told = replace(SIDECAR, found_by="environment")
    return shop({}, **calling(told, *rates), clients=(ClientLook(told.name, no_tls=logged),),
                routes=(route(told, kind),))  # fmt: skip


def passed_through(
    who: Caller, address: str = CLUSTER_IP, port: int = PORT.number, active: int = 1
) -> tuple[EnvoyLook, ...]:
    """Looks at an Envoy that takes the service's address for one that it does not know."""
    host = EnvoyHost("PassthroughCluster", address, port, connections_total=1, connections_active=active)
    return tuple(EnvoyLook(who.name, turn, float(turn), (host,)) for turn in range(3))


def refused(
    backend: str = "payments", reason: str = "UnsupportedProtocol", kind: str = "ResolvedRefs", status: str = "False"
) -> Route:
    """A route whose controller has said something of its backends."""
    return Route(
        Meta("GRPCRoute", SHOP, "payments"), (Parent("Gateway", "edge", SHOP),), (),
        (RouteRule((), (Backend(backend, SHOP, PORT.number),)),), (Condition(kind, status, reason, "grpc"),),
    )  # fmt: skip


def cluster(who: Caller, **told: Any) -> EnvoyCluster:
    return EnvoyCluster(who.name, f"outbound|8080||{HOST}", **{"type": "EDS", "balancer": "ROUND_ROBIN", **told})


def rule(
    policy: TrafficPolicy | None = None, *, namespace: str = SHOP, host: str = HOST, name: str = "payments",
    created: str = "", **more: Any,
) -> DestinationRule:  # fmt: skip
    meta = Meta("DestinationRule", namespace, name, created=created)
    return DestinationRule(meta, host, policy or TrafficPolicy(), **more)


def routed(*to: Destination, namespace: str = SHOP, hosts: tuple[str, ...] = (HOST,), **more: Any) -> VirtualService:
    return VirtualService(
        Meta("VirtualService", namespace, "payments"), hosts, more.pop("gateways", ("mesh",)),
        (MeshRoute("http", to),), **more,
    )  # fmt: skip


def labelled(*versions: str) -> tuple[Pod, ...]:
    """Pods of these versions; "" for one without the label."""
    return tuple(
        pod(f"payments-{number}", ADDRESSES[number], meta={"labels": {"version": version} if version else {}})
        for number, version in enumerate(versions)
    )


def subsets(*versions: str) -> tuple[Subset, ...]:
    return tuple(Subset(version, {"version": version}) for version in versions)


def meshed(*rates: int, pods: tuple[Pod, ...] | None = None, **around: Any) -> Evidence:
    """A service with one caller in the mesh, and these objects around."""
    return shop(**calling(SIDECAR, *rates), pods=pods, surroundings=Surroundings(**around))


def said(cause: Any, evidence: Evidence) -> list[Finding | CannotTell]:
    found: Iterator[Finding | CannotTell] = cause(Case(evidence))
    return list(found)
