"""Everything that was seen of one service: plain records that can be saved and judged again without a cluster.

What could not be seen is an `Unseen`, or is missing from the looks of its kind and named in `Evidence.unseen`; a look
with nothing in it means that nothing was there. A pod is named `namespace/name` wherever several namespaces can meet.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lbdemo.diagnose.looks import (
    ClientLook,
    EnvoyCluster,
    EnvoyLook,
    EnvoyRoute,
    MetricsLook,
    PodCpu,
    PodNetwork,
    SocketLook,
)
from lbdemo.diagnose.scrapes import Scrapes
from lbdemo.kube.answers import Unseen
from lbdemo.kube.records.cluster import Namespace, Node
from lbdemo.kube.records.gateways import Gateway, Route
from lbdemo.kube.records.istio import DestinationRule, PeerAuthentication, VirtualService
from lbdemo.kube.records.istio_listeners import ListenerRule
from lbdemo.kube.records.pods import Pod
from lbdemo.kube.records.services import EndpointSlice, Service, ServicePort
from lbdemo.kube.records.workloads import Autoscaler, CronJob, Deployment

VERSION = 1
"""Of the saved form. New fields have defaults, so that older files can be read."""


def key(pod: Pod) -> str:
    """The pod's name wherever several namespaces can meet: `namespace/name`."""
    return f"{pod.meta.namespace}/{pod.meta.name}"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls the service. `pod` is None for who is no pod that could be seen: a node, something outside.

    `found_by` says how it showed itself: `asked` (--from), `sockets` (a server's), `proxy` (its own Envoy knows calls),
    `environment` (its variables or arguments name the service, no call was seen), `refused` (a server's sidecar says in
    its log that it refused a connection).
    """

    name: str  # `namespace/pod`, `node/name`, or the address
    addresses: tuple[str, ...]
    found_by: str
    pod: Pod | None = None
    workload: str = ""  # what keeps the pod running, as kubectl takes it: deployment/checkout; "" for none
    node: str = ""  # in whose network it calls, where its address is the node's; "" for who has one of his own
    one_of: tuple[str, ...] = ()  # pods of that network that it may be, where nobody can tell


@dataclass(frozen=True, slots=True)
class Front:
    """What calls the service for others, as several pods: a gateway, a waypoint, proxies of one's own.

    `pods` are all of its workload, those that do not call among them; `services` are those by which it is called.
    """

    namespace: str
    workload: str  # as kubectl takes it
    pods: tuple[Pod, ...]
    services: tuple[Service, ...] = ()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else decides where calls go. A kind that the cluster does not have is an empty tuple: that was seen."""

    namespaces: tuple[Namespace, ...] | Unseen = ()  # the service's and the callers'
    nodes: tuple[Node, ...] | Unseen = ()
    deployments: tuple[Deployment, ...] | Unseen = ()  # the servers'; all of the namespace where there are none
    autoscalers: tuple[Autoscaler, ...] | Unseen = ()  # of the service's namespace
    services: tuple[Service, ...] | Unseen = ()  # others of the service's namespace that select the same pods
    others: tuple[Service, ...] | Unseen = ()  # others there that select some of them
    virtual_services: tuple[VirtualService, ...] | Unseen = ()
    destination_rules: tuple[DestinationRule, ...] | Unseen = ()
    peer_authentications: tuple[PeerAuthentication, ...] | Unseen = ()
    routes: tuple[Route, ...] | Unseen = ()  # GRPCRoutes and HTTPRoutes of the service's namespace
    cron_jobs: tuple[CronJob, ...] | Unseen = ()  # of the callers' namespaces: those that restart something
    gateways: tuple[Gateway, ...] | Unseen = ()  # in ambient mode: those that may be the service's waypoints
    listener_rules: tuple[ListenerRule, ...] | Unseen = ()  # where a port that says gRPC is taken for TCP; else unasked
    proxy_mode: str = ""  # kube-proxy's, such as ipvs; "" where nobody can tell


@dataclass(frozen=True, slots=True)
class Evidence:
    """One service, watched for `watched` seconds.

    `servers` are the pods behind the Service, ready or not: those that its slices name and those that it selects.
    `sockets` has looks at servers, callers and fronts (`SocketLook.pod` tells which), `envoys` looks at the callers'
    (and gateways') own Envoys, and at the servers' where all calls of a caller fail, `clusters` and `routes` what the
    callers' are told to do, `metrics` looks at the servers' counters, `scrapes` what a Prometheus keeps of those,
    `clients` what else the callers' pods tell.
    """

    service: Service
    port: ServicePort
    slices: tuple[EndpointSlice, ...] | Unseen
    servers: tuple[Pod, ...] | Unseen
    callers: tuple[Caller, ...] = ()
    surroundings: Surroundings = field(default_factory=Surroundings)
    sockets: tuple[SocketLook, ...] = ()
    envoys: tuple[EnvoyLook, ...] = ()
    clusters: tuple[EnvoyCluster, ...] = ()
    routes: tuple[EnvoyRoute, ...] = ()
    metrics: tuple[MetricsLook, ...] = ()
    scrapes: Scrapes | None = None  # None where no Prometheus was asked
    cpu: tuple[PodCpu, ...] = ()  # of the servers, where somebody told it
    network: tuple[PodNetwork, ...] = ()  # the same
    unseen: tuple[Unseen, ...] = ()
    fronts: tuple[Front, ...] = ()  # of callers that are proxies themselves
    gone: tuple[str, ...] = ()  # addresses that those are connected to at the servers' port, and that no pod has
    hosts: tuple[str, ...] = ()  # further addresses of nodes, from which their kubelets probe
    domain: str = "cluster.local"
    made: str = ""  # when, RFC 3339
    watched: float = 0.0  # seconds
    clients: tuple[ClientLook, ...] = ()
    came: int = 0  # pods that were ready after the watch and not before it
    went: int = 0  # those that were ready before, and not any more
    version: int = VERSION

    @property
    def namespace(self) -> str:
        """The service's."""
        return self.service.meta.namespace

    @property
    def name(self) -> str:
        """The service's name."""
        return self.service.meta.name

    @property
    def host(self) -> str:
        """The service's whole DNS name."""
        return self.host_of(self.service)

    def host_of(self, service: Service) -> str:
        """The whole DNS name of a Service of this cluster."""
        return f"{service.meta.name}.{service.meta.namespace}.svc.{self.domain}"
