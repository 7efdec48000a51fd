"""The kinds that are read, each with the API group and the versions that serve it, and the record that it becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from lbdemo.kube.records.cluster import parse_namespace, parse_node
from lbdemo.kube.records.events import parse_event
from lbdemo.kube.records.meta import parse_meta
from lbdemo.kube.records.pods import parse_pod
from lbdemo.kube.records.services import parse_endpoint_slice, parse_service
from lbdemo.kube.records.usage import parse_pod_usage
from lbdemo.kube.records.workloads import (
    parse_autoscaler,
    parse_cron_job,
    parse_deployment,
    parse_replica_set,
)

T_co = TypeVar("T_co", covariant=True)
S = TypeVar("S")
Parse = Callable[[Mapping[str, Any]], S]


@dataclass(frozen=True, slots=True)
class Kind(Generic[T_co]):
    """One kind of object. Of `versions` the first one that the cluster serves is asked."""

    plural: str
    name: str  # such as Deployment
    parse: Callable[[Mapping[str, Any]], T_co]
    group: str = ""
    versions: tuple[str, ...] = ("v1",)
    namespaced: bool = True

    @property
    def resource(self) -> str:
        """As kubectl takes it, such as `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, version: str, namespace: str = "", name: str = "") -> str:
        """Where the API server has it: all of it, one namespace's, or one object."""
        head = f"/apis/{self.group}/{version}" if self.group else f"/api/{version}"
        place = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        return f"{head}{place}/{self.plural}" + (f"/{name}" if name else "")

    def api_version(self, version: str) -> str:
        """As it stands in an object's apiVersion."""
        return f"{self.group}/{version}" if self.group else version

    def read_as(self, parse: Parse[S]) -> Kind[S]:
        """The same kind, whose objects become another record."""
        return replace(self, parse=parse)  # type: ignore[return-value,arg-type]

    def where(self, namespace: str = "", name: str = "") -> str:
        """For a person: `pods in namespace shop`, `deployments.apps echo in namespace shop`."""
        place = f" in namespace {namespace}" if namespace and self.namespaced else ""
        return f"{self.resource}{f' {name}' if name else ''}{place}"


def raw(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object as it came: for who changes it and puts it back."""
    return item


PODS = Kind("pods", "Pod", parse_pod)
SERVICES = Kind("services", "Service", parse_service)
ENDPOINT_SLICES = Kind("endpointslices", "EndpointSlice", parse_endpoint_slice, "discovery.k8s.io")
DEPLOYMENTS = Kind("deployments", "Deployment", parse_deployment, "apps")
POD_METRICS = Kind("pods", "PodMetrics", parse_pod_usage, "metrics.k8s.io", ("v1beta1",))
REPLICA_SETS = Kind("replicasets", "ReplicaSet", parse_replica_set, "apps")
AUTOSCALERS = Kind("horizontalpodautoscalers", "HorizontalPodAutoscaler", parse_autoscaler, "autoscaling", ("v2",))
CRON_JOBS = Kind("cronjobs", "CronJob", parse_cron_job, "batch")
NODES = Kind("nodes", "Node", parse_node, namespaced=False)
NAMESPACES = Kind("namespaces", "Namespace", parse_namespace, namespaced=False)
EVENTS = Kind("events", "Event", parse_event)
CONFIG_MAPS = Kind("configmaps", "ConfigMap", parse_meta)
SECRETS = Kind("secrets", "Secret", parse_meta)
OPERATOR = "monitoring.coreos.com"
POD_MONITORS = Kind("podmonitors", "PodMonitor", raw, OPERATOR)
SERVICE_MONITORS = Kind("servicemonitors", "ServiceMonitor", raw, OPERATOR)
LEASES = Kind("leases", "Lease", raw, "coordination.k8s.io")
CRDS = Kind("customresourcedefinitions", "CustomResourceDefinition", parse_meta, "apiextensions.k8s.io",
                  namespaced=False)  # fmt: skip
MUTATING_WEBHOOKS = Kind("mutatingwebhookconfigurations", "MutatingWebhookConfiguration", parse_meta,
                               "admissionregistration.k8s.io", namespaced=False)  # fmt: skip
VALIDATING_WEBHOOKS = Kind("validatingwebhookconfigurations", "ValidatingWebhookConfiguration", parse_meta,
                           "admissionregistration.k8s.io", namespaced=False)  # fmt: skip
RESOURCE_QUOTAS = Kind("resourcequotas", "ResourceQuota", raw)
LIMIT_RANGES = Kind("limitranges", "LimitRange", raw)
ISTIO_VERSIONS = ("v1", "v1beta1")  # Istio has served its kinds in both
DESTINATION_RULES = Kind("destinationrules", "DestinationRule", parse_meta, "networking.istio.io", ISTIO_VERSIONS)
TELEMETRIES = Kind("telemetries", "Telemetry", parse_meta, "telemetry.istio.io", ("v1", "v1alpha1"))
PEER_AUTHENTICATIONS = Kind("peerauthentications", "PeerAuthentication", parse_meta, "security.istio.io",
                            ISTIO_VERSIONS)  # fmt: skip
