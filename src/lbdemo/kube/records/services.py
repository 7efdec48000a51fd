"""Services, and the endpoints behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lbdemo.kube.records.meta import Meta, parse_meta

SERVICE_NAME = "kubernetes.io/service-name"  # the label by which a slice names its Service


@dataclass(frozen=True, slots=True)
class ServicePort:
    """One port of a Service. `target` is a number or the name of a container's port; "" when it is not said."""

    number: int
    name: str = ""
    target: int | str = ""
    protocol: str = "TCP"
    app_protocol: str = ""
    node_port: int = 0

    @property
    def label(self) -> str:
        """Its number, with its name where it has one."""
        return f"{self.number} ({self.name})" if self.name else str(self.number)


@dataclass(frozen=True, slots=True)
class Service:
    """One Service: its addresses, its ports, whom it selects."""

    meta: Meta
    type: str  # ClusterIP, NodePort, LoadBalancer, ExternalName
    cluster_ips: tuple[str, ...]  # ("None",) when it is headless
    ports: tuple[ServicePort, ...]
    selector: Mapping[str, str]  # empty: somebody else writes its endpoints
    external_name: str = ""
    sticky: bool = False  # sessionAffinity ClientIP
    internal_policy: str = "Cluster"  # internalTrafficPolicy: Cluster or Local
    external_policy: str = ""
    distribution: str = ""  # trafficDistribution, such as PreferClose
    unready_too: bool = False  # publishNotReadyAddresses
    ingress: tuple[str, ...] = ()  # where its load balancer is: IPs, or host names

    @property
    def headless(self) -> bool:
        """Whether DNS answers with the pods' own addresses."""
        return self.cluster_ips[:1] == ("None",)


@dataclass(frozen=True, slots=True)
class EndpointPort:
    """One port of a slice; `number` is 0 when all ports are meant."""

    number: int
    name: str = ""
    app_protocol: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of a slice: its addresses, and who stands behind them."""

    addresses: tuple[str, ...]
    ready: bool
    serving: bool
    terminating: bool
    target_kind: str = ""
    target: str = ""
    node: str = ""
    zone: str = ""


@dataclass(frozen=True, slots=True)
class EndpointSlice:
    """Some of a Service's endpoints; a Service may have many slices."""

    meta: Meta
    address_type: str  # IPv4, IPv6, FQDN
    ports: tuple[EndpointPort, ...]
    endpoints: tuple[Endpoint, ...]

    @property
    def service(self) -> str:
        """The name of the Service whose endpoints these are."""
        return self.meta.labels.get(SERVICE_NAME, "")


def parse_service(item: Mapping[str, Any]) -> Service:
    """One Service object."""
    spec = item.get("spec", {})
    addresses = spec.get("clusterIPs") or ([spec["clusterIP"]] if spec.get("clusterIP") else [])
    return Service(
        meta=parse_meta(item),
        type=spec.get("type", "ClusterIP"),
        cluster_ips=tuple(addresses),
        ports=tuple(map(_service_port, spec.get("ports") or ())),
        selector=spec.get("selector") or {},
        external_name=spec.get("externalName", ""),
        sticky=spec.get("sessionAffinity") == "ClientIP",
        internal_policy=spec.get("internalTrafficPolicy", "Cluster"),
        external_policy=spec.get("externalTrafficPolicy", ""),
        distribution=spec.get("trafficDistribution", ""),
        unready_too=bool(spec.get("publishNotReadyAddresses")),
        ingress=tuple(_ingress((item.get("status") or {}).get("loadBalancer") or {})),
    )


def _ingress(balancer: Mapping[str, Any]) -> Iterator[str]:
    for entry in balancer.get("ingress") or ():
        if place := entry.get("ip") or entry.get("hostname"):
            yield place


def _service_port(item: Mapping[str, Any]) -> ServicePort:
    return ServicePort(
        item["port"], item.get("name", ""), item.get("targetPort", ""), item.get("protocol", "TCP"),
        item.get("appProtocol", ""), item.get("nodePort", 0),
    )  # fmt: skip


def parse_endpoint_slice(item: Mapping[str, Any]) -> EndpointSlice:
    """One EndpointSlice object; its ports and endpoints may be null."""
    ports = item.get("ports") or ()
    return EndpointSlice(
        meta=parse_meta(item),
        address_type=item.get("addressType", ""),
        ports=tuple(EndpointPort(p.get("port") or 0, p.get("name") or "", p.get("appProtocol") or "") for p in ports),
        endpoints=tuple(map(_endpoint, item.get("endpoints") or ())),
    )


def _endpoint(item: Mapping[str, Any]) -> Endpoint:
    """A condition that is not given: ready counts as true, serving as ready, terminating as false (as the API says)."""
    conditions, target = item.get("conditions") or {}, item.get("targetRef") or {}
    ready = conditions.get("ready") is not False
    serving = conditions.get("serving")
    return Endpoint(
        addresses=tuple(item.get("addresses") or ()),
        ready=ready,
        serving=ready if serving is None else bool(serving),
        terminating=bool(conditions.get("terminating")),
        target_kind=target.get("kind", ""),
        target=target.get("name", ""),
        node=item.get("nodeName") or "",
        zone=item.get("zone") or "",
    )
