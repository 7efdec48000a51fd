"""What a strategy is: how requests reach the pods, what that promises, and the values that make it so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lbdemo.cluster.install import tracing
from lbdemo.cluster.install.names import DOMAIN, in_cluster, whole
from lbdemo.cluster.install.page import page_values
from lbdemo.cluster.install.strategies.promises import Promises
from lbdemo.cluster.install.values import BalancingValues, ChannelPolicy, LbPolicy, PodValues, Values, image_values
from lbdemo.cluster.istio.providers import Provider
from lbdemo.cluster.kernel import labels, reference
from lbdemo.cluster.kernel.reference import Image
from lbdemo.config import ISTIO_NAMESPACE, UpConfig
from lbdemo.errors import InputError
from lbdemo.measure import Outcome
from lbdemo.traces.role import DIRECT, Role

if TYPE_CHECKING:
    from lbdemo.cluster.install.strategies.mesh import Mesh

PORT = 8080
ADMIN_PORT = 8081
ARCHITECTURE = "kubernetes.io/arch"  # a label of every node


@dataclass(frozen=True, slots=True)
class Istiod:
    """The Istio in use: the revision or tag that pods name ("" is the default one), and istiod's Service.

    `service` is "" where the control plane is outside the cluster.
    """

    revision: str = ""
    namespace: str = ISTIO_NAMESPACE
    service: str = "istiod"

    @property
    def host(self) -> str:
        """The host name of istiod's Service. Raises InputError where there is none."""
        if not self.service:
            raise InputError(
                "Istio's control plane is outside this cluster, and proxyless clients need its Service in it",
                "its sidecars work: --strategy istio",
            )
        return f"{self.service}.{self.namespace}.svc"


@dataclass(frozen=True, slots=True)
class Cluster:
    """What values and image depend on: the Istio in use, the DNS domain ("" where nobody has told it), the machines.

    `architecture` is that of most nodes, such as amd64 ("" where they may not be seen), `mixed` says that there are
    others; `chooses_users` that the cluster itself says as whom programs run, as OpenShift does.
    """

    istiod: Istiod = Istiod()
    domain: str = ""
    architecture: str = ""
    mixed: bool = False
    chooses_users: bool = False
    provider: Provider | None = None  # by which Istio's sidecars send spans


Shape = Callable[[Values, Values, UpConfig, Cluster], tuple[Values, Values]]
PLAIN = Cluster()


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """One way for requests to reach the pods, and all that the rest of lbdemo must know of it.

    `shape` turns the plain (server, client) values into this strategy's; it also gets the configuration and what
    is known of the cluster. `promises` says what each drill should show.
    """

    name: str
    summary: str
    outcome: Outcome
    shape: Shape
    promises: Promises
    mesh: Mesh | None = None  # what must be there first
    path: tuple[Role, ...] = DIRECT  # whose spans a trace of one call has
    proxies: Callable[[int], int] = lambda _: 0  # how many stand in the data path, with so many servers
    connection_age: float = 0.0  # seconds after which servers end connections, unless told; 0: they do not age
    connections: int = 1  # the client's, unless told; more than one only where it may be told
    exact: bool = True  # whether the policy round-robin is exact
    policies: bool = False  # whether --lb-policy has an effect
    detects: bool = False  # whether --outlier-detection has one

    @property
    def injects(self) -> bool:
        """Whether each pod gets a sidecar."""
        return self.mesh is not None and self.mesh.sidecars

    def fingerprint(self, lb_policy: str) -> str:
        """The fingerprint to expect with a policy: sticky, round robin, least request; "" where nothing is promised."""
        if self.outcome is Outcome.PINNED:
            return "sticky"
        if self.outcome is not Outcome.BALANCED:
            return ""
        if self.policies and lb_policy == "least-request":
            return "least request"
        return "round robin" if self.exact else ""

    def values(self, config: UpConfig, image: Image, cluster: Cluster = PLAIN) -> Mapping[str, Mapping[str, Any]]:
        """The values of both releases, by release name, as Helm reads them. Raises InputError for what it has not."""
        self.check(config)
        pod_image = image_values(image)
        age = self.connection_age if config.max_connection_age is None else config.max_connection_age
        domain = cluster.domain or DOMAIN
        pod = _pod(config, cluster)
        server = Values("server", replicas=config.replicas, image=pod_image, pod=pod, cluster_domain=domain)
        server = replace(server, server=replace(server.server, max_connection_age_seconds=age))
        server = replace(server, balancing=balancing(server, config))
        client = Values("client", replicas=1, image=pod_image, pod=pod, cluster_domain=domain)
        client = replace(client, client=replace(client.client, connections=config.connections or self.connections))
        server, client = self.shape(server, client, config, cluster)
        if config.trace is not None:
            name = cluster.provider.name if cluster.provider else ""
            told = tracing.values(config.trace, config.place.namespace, name, cluster.domain)
            server, client = tracing.traced(server, client, told)
        server = with_page(server, config.page_image) if config.page_image else server
        return {labels.SERVER: non_default(server), labels.CLIENT: non_default(client)}

    def check(self, config: UpConfig) -> None:
        """Raises InputError for an option that has no effect here: who gave it would believe that it has."""
        if config.lb_policy != "round-robin" and not self.policies:
            raise InputError(
                f"--lb-policy {config.lb_policy} has no effect with strategy {self.name}",
                f"it needs {_those(lambda strategy: strategy.policies)}",
            )
        if config.outlier_detection and not self.detects:
            raise InputError(
                f"--outlier-detection has no effect with strategy {self.name}",
                f"it needs {_those(lambda strategy: strategy.detects)}",
            )
        if config.connections not in (None, self.connections) and self.connections == 1:
            raise InputError(
                f"strategy {self.name} has one connection",
                f"several, each for itself, are {_those(lambda strategy: strategy.connections > 1)}",
            )


def _pod(config: UpConfig, cluster: Cluster) -> PodValues:
    """What this cluster wants of our pods: no user of ours where it chooses one, and nodes that the image is for."""
    plain = PodValues(run_as_user=0) if cluster.chooses_users else PodValues()
    if not cluster.mixed or config.image:  # a ready image may be for all machines
        return plain
    return replace(plain, node_selector={ARCHITECTURE: cluster.architecture})


def _those(fits: Callable[[Strategy], bool]) -> str:
    """The option that chooses one of the strategies that fit."""
    from lbdemo.cluster.install.strategies import STRATEGIES

    return f"--strategy {' or '.join(name for name, strategy in STRATEGIES.items() if fits(strategy))}"


def non_default(values: Values) -> dict[str, Any]:
    """What Helm has to be told: the role, the replicas, the image, and what differs from the chart's defaults."""
    always = {"role": values.role, "replicas": values.replicas}
    return always | difference(values.to_values(), Values(values.role).to_values())


def difference(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of nested values that differ from the defaults."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping) and isinstance(defaults.get(key), Mapping):
            if inner := difference(value, defaults[key]):
                found[key] = inner
        elif key not in defaults or value != defaults[key]:
            found[key] = value
    return found


def with_page(server: Values, image: str) -> Values:
    """The servers' values with an Envoy that serves the page: of this image, unless the strategy has one of its own."""
    other = replace(server.envoy, image=image_values(reference.split(image)))
    envoy = server.envoy if server.envoy.enabled else other
    return replace(server, envoy=envoy, ui=page_values(mesh=server.istio.enabled))


def calling(client: Values, target: str, policy: ChannelPolicy = "pick_first") -> Values:
    """The client's values with what it calls, and how gRPC balances there."""
    return replace(client, client=replace(client.client, target=target, policy=policy))


def draining(server: Values, seconds: float) -> Values:
    """The servers' values with the time that they serve on after SIGTERM."""
    return replace(server, server=replace(server.server, drain_seconds=seconds))


def balancing(server: Values, config: UpConfig) -> BalancingValues:
    """--lb-policy and --outlier-detection in the words of Istio and Envoy."""
    policy: LbPolicy = "LEAST_REQUEST" if config.lb_policy == "least-request" else "ROUND_ROBIN"
    detection = replace(server.balancing.outlier_detection, enabled=config.outlier_detection)
    return BalancingValues(policy, detection)


def host(config: UpConfig, cluster: Cluster, name: str = labels.SERVER) -> str:
    """A Service's address for any pod."""
    return f"{in_cluster(name, config.place.namespace, cluster.domain)}:{PORT}"


def full_host(config: UpConfig, cluster: Cluster, name: str = labels.SERVER) -> str:
    """A Service's address for those that look it up by its whole name, as a control plane does."""
    return f"{whole(name, config.place.namespace, cluster.domain)}:{PORT}"
