"""A gateway of Istio's that is in the cluster already: its Service, its pods, and where it can be reached from here."""

from __future__ import annotations

import contextlib
import shlex
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from lbdemo.cluster.addons.find import target
from lbdemo.cluster.install.gateway import Entry
from lbdemo.cluster.page.passing import Address
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.errors import InputError
from lbdemo.kube.answers import Unseen, UnseenError, need
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import NODES, PODS, SERVICES
from lbdemo.kube.records.pods import Pod, youngest_ready
from lbdemo.kube.records.services import Service, ServicePort
from lbdemo.kube.selectors import equal_to

MARK = "istio=ingressgateway"  # what Istio's own charts and samples label it with
OPTION = "--gateway-service NAMESPACE/NAME"
PATIENCE = 2.0  # seconds that a connection to one of its addresses may take
USUAL = {80: 0, 8080: 1}  # ports for HTTP whose names do not say so
OUTSIDE = ("ExternalIP", "InternalIP")  # a node's addresses, in the order in which they are tried


@dataclass(frozen=True, slots=True)
class Ingress:
    """The gateway's Service, and its port that takes HTTP."""

    service: Service
    port: ServicePort

    @property
    def namespace(self) -> str:
        """Where it is."""
        return self.service.meta.namespace

    @property
    def entry(self) -> Entry:
        """What our objects name it by."""
        return Entry(self.service.selector, self.port.number)

    @property
    def hint(self) -> str:
        """What shows its pods."""
        return f"`kubectl -n {self.namespace} get pods -l {shlex.quote(equal_to(self.service.selector))}` shows them"

    def listens(self, pod: Pod) -> int:
        """The port of a pod of its that takes HTTP."""
        return target(self.port, pod)

    def __str__(self) -> str:
        return f"gateway {self.service.meta.name} in namespace {self.namespace}"


def find(api: Api, asked: str = "") -> Ingress:
    """The gateway that was asked for as NAMESPACE/NAME, or the one that is there.

    Raises InputError where there is none, or none that takes HTTP; UnseenError where one may be out of sight.
    """
    service = _named(api, *asked.split("/")) if asked else _only(api)
    if not service.selector:
        raise InputError(f"Service {_name(service)} selects no pods", f"{OPTION} names a gateway of Istio's")
    ports = [port for port in service.ports if port.protocol == "TCP" and _takes_http(port)]
    if not ports:
        has = ", ".join(f"{port.number} ({port.name})" for port in service.ports) or "none"
        raise InputError(
            f"Service {_name(service)} has no port for HTTP; it has {has}", "its port 80, or one that is named http…"
        )
    return Ingress(service, min(ports, key=lambda port: (USUAL.get(port.number, 2), port.number)))


def _takes_http(port: ServicePort) -> bool:
    name = port.app_protocol or port.name
    return port.number in USUAL or (name.startswith("http") and not name.startswith("https"))


def _named(api: Api, namespace: str, name: str) -> Service:
    found = need(api.get(SERVICES, name, namespace))
    if found is None:
        raise InputError(f"there is no Service {name} in namespace {namespace}", f"check {OPTION}")
    return found


def _only(api: Api) -> Service:
    """The one there is; of several that of Istio's own namespace."""
    found = api.list(SERVICES, selector=MARK)
    if isinstance(found, Unseen):
        unseen = UnseenError(found)
        unseen.hint += f"; or name the gateway: {OPTION}"
        raise unseen
    places = sorted(found, key=lambda service: (service.meta.namespace != ISTIO_NAMESPACE, _name(service)))
    home = [service for service in places if service.meta.namespace == ISTIO_NAMESPACE]
    if not places:
        raise InputError(
            f"there is no ingress gateway of Istio's in this cluster (no Service is labelled {MARK})",
            f"install Istio's chart `gateway` as `istio-ingressgateway`, or name another with {OPTION};\n"
            "without --gateway the page is reached through a port-forward",
        )
    if len(places) > 1 and len(home) != 1:
        raise InputError(
            f"there are {len(places)} ingress gateways: {', '.join(map(_name, places))}", f"choose one with {OPTION}"
        )
    return places[0]


def _name(service: Service) -> str:
    return f"{service.meta.namespace}/{service.meta.name}"


def newest(api: Api, ingress: Ingress) -> Pod | None:
    """Its youngest ready pod; None when there is none."""
    return youngest_ready(need(_pods(api, ingress)))


def _pods(api: Api, ingress: Ingress) -> tuple[Pod, ...] | Unseen:
    return api.list(PODS, ingress.namespace, selector=equal_to(ingress.service.selector))


def addresses(api: Api, ingress: Ingress, name: str) -> list[tuple[Address, str]]:
    """Where it is outside of the cluster, if anywhere, each with what that is: its load balancer, or its nodes.

    Looked up anew: a load balancer may come, and pods move. `name` is the host to ask for.
    """
    service = need(api.get(SERVICES, ingress.service.meta.name, ingress.namespace)) or ingress.service
    number = ingress.port.number
    found = [(Address(place, number, name), "its load balancer") for place in service.ingress]
    node_port = next((port.node_port for port in service.ports if port.number == number), 0)
    nodes = _nodes(api, ingress) if node_port else ()
    return [*found, *((Address(place, node_port, name), f"NodePort {node_port}") for place in nodes)]


def _nodes(api: Api, ingress: Ingress) -> Iterator[str]:
    """The addresses of the nodes on which its pods are ready: others may not pass calls on."""
    listed = _pods(api, ingress)
    ready = () if isinstance(listed, Unseen) else (pod for pod in listed if pod.ready)
    for node in dict.fromkeys(pod.node for pod in ready):
        there = api.get(NODES, node)
        if there is not None and not isinstance(there, Unseen):
            yield from (place for kind in OUTSIDE for type_, place in there.addresses if type_ == kind)


def reaches(address: Address) -> bool:
    """Whether anybody takes connections there."""
    with contextlib.suppress(OSError), socket.create_connection((address.host, address.port), timeout=PATIENCE):
        return True
    return False
