"""Istio's ambient mode: who is in it, and which waypoint reads calls for a service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lbdemo.diagnose.proxies import proxy_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lbdemo.kube.records.cluster import Namespace
    from lbdemo.kube.records.gateways import Gateway
    from lbdemo.kube.records.meta import Meta
    from lbdemo.kube.records.pods import Pod
    from lbdemo.kube.records.services import Service

MODE, AMBIENT = "istio.io/dataplane-mode", "ambient"
USE, USE_FROM, FOR = "istio.io/use-waypoint", "istio.io/use-waypoint-namespace", "istio.io/waypoint-for"
NONE = "none"
REDIRECTED = "ambient.istio.io/redirection"
"""The annotation of pods whose connections ztunnel takes: Istio's CNI writes it."""
WAYPOINT_CLASS = "istio-waypoint"
SERVICES_TOO = ("", "service", "all")
"""What a waypoint has to be for, so that calls to Services go through it; "" is Istio's default, which is service."""


def redirected(pod: Pod | None) -> bool:
    """Whether ztunnel surely takes the pod's connections."""
    return pod is not None and pod.meta.annotations.get(REDIRECTED) == "enabled"


def in_ambient(pod: Pod | None, namespace: Meta | None) -> bool:
    """Whether ztunnel takes the pod's connections, or is meant to by the label of the pod or else of its namespace."""
    if pod is None or proxy_of(pod):
        return False
    told = pod.meta.labels.get(MODE) or (namespace.labels.get(MODE, "") if namespace is not None else "")
    return redirected(pod) or told == AMBIENT


def meant(service: Service, pods: Sequence[Pod], namespaces: Sequence[Namespace]) -> bool:
    """Whether any of the service's pods is in ambient mode: only then do waypoints matter."""
    own = next((one.meta for one in namespaces if one.meta.name == service.meta.namespace), None)
    return any(in_ambient(pod, own) for pod in pods)


def bound(service: Service, namespace: Meta | None) -> tuple[str, str] | None:
    """Namespace and name of the waypoint that the Service is bound to, by its own label or its namespace's."""
    for meta in (service.meta, *([namespace] if namespace is not None else [])):
        name = meta.labels.get(USE, "")
        if name:
            return None if name == NONE else (meta.labels.get(USE_FROM) or service.meta.namespace, name)
    return None


def reads_calls(gateway: Gateway) -> bool:
    """Whether the Gateway is a waypoint through which calls to Services go."""
    return gateway.gateway_class == WAYPOINT_CLASS and gateway.meta.labels.get(FOR, "") in SERVICES_TOO


def programmed(gateway: Gateway) -> bool:
    """Whether its controller says nothing else than that it works."""
    return all(one.status != "False" for one in gateway.conditions if one.type == "Programmed")
