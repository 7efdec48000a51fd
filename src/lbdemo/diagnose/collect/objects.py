"""What the API server knows of the service: itself, its endpoints, its pods, and what else decides where calls go."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from lbdemo.diagnose.ambient import USE_FROM, meant
from lbdemo.diagnose.app_protocols import unlikely
from lbdemo.diagnose.collect.kube_proxy import proxy_mode
from lbdemo.diagnose.evidence import Surroundings
from lbdemo.diagnose.workloads import deployment_of
from lbdemo.errors import InputError
from lbdemo.kube.answers import Unseen, Why, need
from lbdemo.kube.kinds import AUTOSCALERS, CRON_JOBS, DEPLOYMENTS, ENDPOINT_SLICES, NAMESPACES, NODES, PODS, SERVICES
from lbdemo.kube.records.services import SERVICE_NAME
from lbdemo.kube.selectors import equal_to
from lbdemo.kube.side_by_side import asking, each
from lbdemo.kube.traffic_kinds import (
    DESTINATION_RULES,
    GATEWAYS,
    GRPC_ROUTES,
    HTTP_ROUTES,
    PEER_AUTHENTICATIONS,
    VIRTUAL_SERVICES,
)
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.diagnose.collect.asked import Asked
    from lbdemo.kube.api import Api
    from lbdemo.kube.kinds import Kind
    from lbdemo.kube.records.cluster import Namespace, Node
    from lbdemo.kube.records.gateways import Gateway, Route
    from lbdemo.kube.records.meta import Meta
    from lbdemo.kube.records.pods import Pod
    from lbdemo.kube.records.services import EndpointSlice, Service, ServicePort
    from lbdemo.kube.records.workloads import CronJob, Deployment


class Named(Protocol):
    """What has a name."""

    @property
    def meta(self) -> Meta:
        """Its name, among others."""


T = TypeVar("T")
N = TypeVar("N", bound=Named)
Many = tuple[T, ...] | Unseen

BY_NAME = 20  # so many objects are asked for one by one; of more of them all are listed
ISTIO_ROOT = "istio-system"  # where policies hold for the whole mesh, unless Istio was told otherwise


@dataclass(frozen=True, slots=True)
class Objects:
    """The service with what stands behind it."""

    service: Service
    port: ServicePort
    slices: Many[EndpointSlice]
    servers: Many[Pod]


def service_of(api: Api, asked: Asked) -> Service:
    """The service. Raises InputError when it is not there, UnseenError when nobody can see it."""
    found = need(api.get(SERVICES, asked.service, asked.namespace))
    if found is None:
        raise InputError(f"there is no service {asked.service} in namespace {asked.namespace}", _others(api, asked))
    return found


def _others(api: Api, asked: Asked) -> str:
    there = api.metas(SERVICES, asked.namespace, limit=10)
    if isinstance(there, Unseen) or not there:
        return "choose another namespace with -n NAME"
    return f"there are {listing([meta.name for meta in there])}; another namespace is chosen with -n NAME"


def port_of(service: Service, wanted: str) -> ServicePort:
    """The port by number or name, or the one that speaks gRPC by its name or its protocol, else the first that may.

    Raises InputError where there is none of that name, or none at all.
    """
    if service.external_name:
        raise InputError(
            f"service {service.meta.name} is of type ExternalName: another name of {service.external_name}, without "
            "endpoints", _instead(service.external_name, wanted),
        )  # fmt: skip
    if not service.ports:
        raise InputError(f"service {service.meta.name} has no ports")
    if wanted:
        chosen = [port for port in service.ports if wanted in (str(port.number), port.name)]
        if not chosen:
            known = listing([port.label for port in service.ports])
            raise InputError(f"service {service.meta.name} has no port {wanted}", f"it has {known}")
        return chosen[0]
    return min(service.ports, key=unlikely)


def _instead(name: str, port: str) -> str:
    """What to type for the Service of this cluster that a name leads to (NAME.NAMESPACE.svc and a domain)."""
    labels = name.rstrip(".").split(".")
    if len(labels) < 3 or labels[2] != "svc":
        return "diagnose the service that this name leads to, if it is one of a cluster"
    words = ["lbdemo", "diagnose", f"{labels[1]}/{labels[0]}", *(["--port", port] if port else [])]
    return f"`{shlex.join(words)}` looks at the Service that this name leads to"


def behind(api: Api, service: Service, port: ServicePort) -> Objects:
    """The endpoints and the pods behind the service."""
    namespace, name = service.meta.namespace, service.meta.name
    selector = equal_to(service.selector)

    def pods() -> Many[Pod]:
        return api.list(PODS, namespace, selector=selector) if selector else ()

    def slices() -> Many[EndpointSlice]:
        return api.list(ENDPOINT_SLICES, namespace, selector=f"{SERVICE_NAME}={name}")

    with asking() as pool:
        selected = pool.submit(pods)
        found = slices()
        return Objects(service, port, found, _with_named(api, namespace, found, selected.result()))


def _with_named(api: Api, namespace: str, slices: Many[EndpointSlice], pods: Many[Pod]) -> Many[Pod]:
    """The pods, with those that only the slices name: somebody may write endpoints by hand."""
    if isinstance(slices, Unseen) or isinstance(pods, Unseen):
        return pods
    known = {pod.name for pod in pods}
    named = {e.target for s in slices for e in s.endpoints if e.target_kind == "Pod"} - known
    more = each(lambda name: api.get(PODS, name, namespace), sorted(named)[:BY_NAME])
    there = (*pods, *(pod for pod in more if pod is not None and not isinstance(pod, Unseen)))
    return (*there, *_at(api, namespace, slices, there))


def _at(api: Api, namespace: str, slices: Sequence[EndpointSlice], pods: Sequence[Pod]) -> Iterable[Pod]:
    """The namespace's pods at addresses that slices give without a name: who writes endpoints by hand names none."""
    known = {address for pod in pods for address in pod.addresses}
    bare = {e.addresses[0] for s in slices for e in s.endpoints if not e.target and e.addresses} - known
    found = each(lambda address: api.list(PODS, namespace, fields=f"status.podIP={address}"), sorted(bare)[:BY_NAME])
    return (pod for one in found if not isinstance(one, Unseen) for pod in one if pod.stays and not pod.host_network)


def surroundings(api: Api, objects: Objects, callers: Sequence[Pod]) -> Surroundings:
    """What else decides where calls go; `callers` are the pods that call."""
    service, servers = objects.service, objects.servers if isinstance(objects.servers, tuple) else ()
    namespace = service.meta.namespace
    spaces = sorted({namespace, *(pod.meta.namespace for pod in callers)})
    mesh = sorted({*spaces, ISTIO_ROOT})
    owners = sorted(filter(None, {deployment_of(pod) for pod in servers}))
    with asking() as pool:
        spaces_there = pool.submit(_named, api, NAMESPACES, spaces)
        nodes = pool.submit(nodes_of, api, (*servers, *callers))
        deployments = pool.submit(_deployments, api, objects, owners)
        autoscalers = pool.submit(api.list, AUTOSCALERS, namespace)
        beside = pool.submit(_beside, api, service)
        virtual_services = pool.submit(everywhere, api, VIRTUAL_SERVICES, mesh)
        destination_rules = pool.submit(everywhere, api, DESTINATION_RULES, mesh)
        peer_authentications = pool.submit(in_each, api, PEER_AUTHENTICATIONS, sorted({namespace, ISTIO_ROOT}))
        routes = pool.submit(_routes, api, namespace)
        jobs = pool.submit(_restarting, api, sorted({pod.meta.namespace for pod in callers}))
        mode = "" if service.headless else proxy_mode(api)
        return Surroundings(
            namespaces=spaces_there.result(), nodes=nodes.result(), deployments=deployments.result(),
            autoscalers=_known(autoscalers.result()), services=_of_all(beside.result(), service),
            others=_of_some(beside.result(), service, servers),
            virtual_services=virtual_services.result(), destination_rules=destination_rules.result(),
            peer_authentications=peer_authentications.result(), routes=routes.result(), cron_jobs=jobs.result(),
            gateways=_waypoints(api, service, servers, spaces_there.result()), proxy_mode=mode,
        )  # fmt: skip


def _waypoints(api: Api, service: Service, servers: Sequence[Pod], spaces: Many[Namespace]) -> Many[Gateway]:
    """In ambient mode, the Gateways where the service's waypoint may be; else nobody is asked."""
    known = spaces if isinstance(spaces, tuple) else ()
    if not meant(service, servers, known):
        return ()
    told = (meta.labels.get(USE_FROM, "") for meta in (service.meta, *(one.meta for one in known)))
    return in_each(api, GATEWAYS, sorted({service.meta.namespace, *filter(None, told)}))


def nodes_of(api: Api, pods: Iterable[Pod]) -> Many[Node]:
    """The nodes on which the pods run."""
    return _named(api, NODES, sorted({pod.node for pod in pods if pod.node}))


def _known(found: Many[T]) -> Many[T]:
    """What there is; nothing where the cluster has no such kind: that was seen."""
    return () if isinstance(found, Unseen) and found.why is Why.NO_SUCH_KIND else found


def _named(api: Api, kind: Kind[N], names: Sequence[str], namespace: str = "") -> Many[N]:
    """The objects of these names that are there: one by one, or, if they are many, out of a list."""
    if len(names) > BY_NAME:
        found = api.list(kind, namespace)
        wanted = set(names)
        if isinstance(found, Unseen):
            return found
        return tuple(one for one in found if one.meta.name in wanted)
    answers = each(lambda name: api.get(kind, name, namespace), names)
    unseen = next((answer for answer in answers if isinstance(answer, Unseen)), None)
    return unseen or tuple(one for one in answers if one is not None and not isinstance(one, Unseen))


def _deployments(api: Api, objects: Objects, owners: Sequence[str]) -> Many[Deployment]:
    """Those that made the pods; where the selector fits none, all: one of them may be meant."""
    namespace, nobody = objects.service.meta.namespace, objects.service.selector and objects.servers == ()
    return api.list(DEPLOYMENTS, namespace) if nobody else _named(api, DEPLOYMENTS, owners, namespace)


def _beside(api: Api, service: Service) -> Many[Service]:
    """The other Services of its namespace that select pods."""
    found = api.list(SERVICES, service.meta.namespace)
    if isinstance(found, Unseen):
        return found
    return tuple(one for one in found if one.selector and one.meta.name != service.meta.name)


def _of_all(beside: Many[Service], service: Service) -> Many[Service]:
    """Those that select all of the same pods."""
    if isinstance(beside, Unseen):
        return beside
    return tuple(one for one in beside if one.selector.items() <= service.selector.items())


def _of_some(beside: Many[Service], service: Service, servers: Iterable[Pod]) -> tuple[Service, ...]:
    """Those that select some of the pods; that they could not be seen is said once, by `_of_all`."""
    if isinstance(beside, Unseen):
        return ()
    labels = [pod.meta.labels for pod in servers]
    return tuple(
        one for one in beside
        if not one.selector.items() <= service.selector.items()
        and any(one.selector.items() <= each.items() for each in labels)
    )  # fmt: skip


def everywhere(api: Api, kind: Kind[T], namespaces: Iterable[str]) -> Many[T]:
    """All of a kind; of these namespaces only where a user may not see more."""
    found = _known(api.list(kind))
    if isinstance(found, Unseen) and found.why is Why.FORBIDDEN:
        return in_each(api, kind, namespaces)
    return found


def in_each(api: Api, kind: Kind[T], namespaces: Iterable[str]) -> Many[T]:
    """Those of the namespaces; what is seen of only some of them is unseen."""
    answers = each(lambda namespace: _known(api.list(kind, namespace)), namespaces)
    unseen = next((answer for answer in answers if isinstance(answer, Unseen)), None)
    return unseen or tuple(one for answer in answers if not isinstance(answer, Unseen) for one in answer)


def _restarting(api: Api, namespaces: Iterable[str]) -> Many[CronJob]:
    """The CronJobs of the callers' namespaces that restart something."""
    found = in_each(api, CRON_JOBS, namespaces)
    return found if isinstance(found, Unseen) else tuple(one for one in found if one.restarts)


def _routes(api: Api, namespace: str) -> Many[Route]:
    answers = [_known(api.list(kind, namespace)) for kind in (GRPC_ROUTES, HTTP_ROUTES)]
    unseen = next((answer for answer in answers if isinstance(answer, Unseen)), None)
    return unseen or tuple(route for answer in answers if not isinstance(answer, Unseen) for route in answer)
