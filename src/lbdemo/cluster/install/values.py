"""The chart's values as frozen dataclasses: the same truth as charts/echo/values.yaml and its schema.

The defaults here are those of values.yaml; tests hold the three together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal

from lbdemo.cluster.kernel.reference import Image

Role = Literal["server", "client"]
PullPolicy = Literal["Always", "IfNotPresent", "Never"]
ChannelPolicy = Literal["pick_first", "round_robin"]
LbPolicy = Literal["ROUND_ROBIN", "LEAST_REQUEST"]
Backend = Literal["none", "jaeger", "lbdemo"]


@dataclass(frozen=True, slots=True)
class ImageValues:
    """An image; an empty tag is the chart's appVersion, and a digest (sha256:...) takes the tag's place."""

    repository: str = "lbdemo/echo"
    tag: str = ""
    digest: str = ""
    pull_policy: PullPolicy = "IfNotPresent"


def image_values(image: Image) -> ImageValues:
    """An image reference as the chart's value."""
    if image.tag.startswith("@"):
        return ImageValues(image.repository, digest=image.tag[1:])
    return ImageValues(image.repository, image.tag)


@dataclass(frozen=True, slots=True)
class PodValues:
    """What clusters may want of every pod. A user of 0 is whom the cluster chooses, as OpenShift does."""

    image_pull_secrets: tuple[str, ...] = ()
    node_selector: Mapping[str, str] = field(default_factory=dict, hash=False)
    tolerations: tuple[Mapping[str, str | int], ...] = field(default=(), hash=False)
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    run_as_user: int = 10001


@dataclass(frozen=True, slots=True)
class Quantities:
    """Kubernetes quantities, such as cpu "10m" and memory "64Mi"; empty ones are left out."""

    cpu: str = ""
    memory: str = ""


@dataclass(frozen=True, slots=True)
class ResourceValues:
    """What a container asks for, and what it may have."""

    requests: Quantities = Quantities("10m", "64Mi")
    limits: Quantities = Quantities("", "256Mi")


@dataclass(frozen=True, slots=True)
class ServerValues:
    """The servers. A connection age of 0 s is no limit; `drain_seconds` is the time between SIGTERM and GOAWAY.

    `app_protocol` is what their Services say of the port; "" is what the consumers know. `admin_port` is where
    they answer their owner, on the pod's loopback; 0: nowhere. `metrics_port` is where they tell Prometheus of their
    calls; 0: nowhere. A PodMonitor and a PrometheusRule are made only where the cluster knows such.
    """

    port: int = 8080
    max_connection_age_seconds: float = 0
    drain_seconds: float = 5
    app_protocol: str = ""
    admin_port: int = 8081
    metrics_port: int = 0
    pod_monitor: bool = False
    prometheus_rule: bool = False
    dashboard: bool = False


@dataclass(frozen=True, slots=True)
class ClientValues:
    """The client: what it calls, how gRPC balances there, and its load (`rate` in RPC/s of each client pod).

    Its metrics are as those of `ServerValues`.
    """

    target: str = ""
    policy: ChannelPolicy = "pick_first"
    rate: float = 5
    concurrency: int = 0
    connections: int = 1
    timeout_seconds: float = 5
    metrics_port: int = 0
    pod_monitor: bool = False


@dataclass(frozen=True, slots=True)
class OutlierDetectionValues:
    """When a failing pod is taken out of the rotation, and for how long (the first time)."""

    enabled: bool = False
    consecutive_errors: int = 5
    interval_seconds: float = 1
    ejection_seconds: float = 10
    max_ejection_percent: int = 50


@dataclass(frozen=True, slots=True)
class BalancingValues:
    """How a mesh, a proxy or a control plane spreads requests."""

    policy: LbPolicy = "ROUND_ROBIN"
    outlier_detection: OutlierDetectionValues = OutlierDetectionValues()


@dataclass(frozen=True, slots=True)
class IstioValues:
    """Sidecars, mutual TLS, DestinationRule. An empty revision is the default one."""

    enabled: bool = False
    revision: str = ""


@dataclass(frozen=True, slots=True)
class EnvoyValues:
    """An Envoy Deployment in front of the servers."""

    enabled: bool = False
    image: ImageValues = ImageValues("docker.io/envoyproxy/envoy", "v1.36.4")
    replicas: int = 1
    listen: str = "::"
    retries: int = 0
    drain_seconds: float = 5
    resources: ResourceValues = ResourceValues()


@dataclass(frozen=True, slots=True)
class UiValues:
    """An Envoy that serves the page (its files: name to content) and takes its calls; `ways` is what the page reads."""

    enabled: bool = False
    page: Mapping[str, str] = field(default_factory=dict, hash=False)
    ways: str = ""


@dataclass(frozen=True, slots=True)
class XdsValues:
    """Proxyless gRPC: the address of istiod's plain-text xDS port."""

    enabled: bool = False
    istiod_address: str = "istiod.istio-system.svc:15010"


@dataclass(frozen=True, slots=True)
class TraceValues:
    """Where spans of calls are sent (HOST:PORT; "" is nowhere), and what takes them there; `provider` is Istio's."""

    otlp: str = ""
    provider: str = ""
    backend: Backend = "none"
    image: ImageValues = ImageValues("docker.io/jaegertracing/jaeger", "2.21.0")
    resources: ResourceValues = ResourceValues(limits=Quantities("", "512Mi"))


@dataclass(frozen=True, slots=True)
class Values:
    """All values of one release. At most one of istio, envoy and xds is enabled; a client needs a target."""

    role: Role
    replicas: int = 2
    image: ImageValues = ImageValues()
    pod: PodValues = PodValues()
    cluster_domain: str = "cluster.local"
    server: ServerValues = ServerValues()
    client: ClientValues = ClientValues()
    balancing: BalancingValues = BalancingValues()
    istio: IstioValues = IstioValues()
    envoy: EnvoyValues = EnvoyValues()
    ui: UiValues = UiValues()
    xds: XdsValues = XdsValues()
    trace: TraceValues = TraceValues()
    resources: ResourceValues = ResourceValues()

    def to_values(self) -> dict[str, Any]:
        """The values as Helm reads them: nested, in camelCase, nothing left out."""
        return _to_values(self)


def _to_values(record: Any) -> dict[str, Any]:
    values = {each.name: getattr(record, each.name) for each in fields(record)}
    return {_camel_case(name): _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    """As JSON has it. The keys of a mapping are somebody's own names, such as labels."""
    if is_dataclass(value):
        return _to_values(value)
    return [dict(item) if isinstance(item, Mapping) else item for item in value] if isinstance(value, tuple) else value


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
