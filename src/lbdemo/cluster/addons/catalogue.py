"""The add-ons: what they are called, the Services by which they are found, and what is asked there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lbdemo.cluster.kernel import labels


@dataclass(frozen=True, slots=True)
class Address:
    """A port of a Service."""

    service: str
    namespace: str
    port: int

    @property
    def host(self) -> str:
        """Its name within the cluster, whatever the cluster's domain."""
        return f"{self.service}.{self.namespace}"

    def url(self, path: str = "") -> str:
        """Where programs in the cluster ask."""
        return f"http://{self.host}:{self.port}{path}"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Addon:
    """One of them.

    `needs` are the Services and ports of its manifest that others of them, or lbdemo, rely on. `services` are the names
    of the Services before what people look at, Istio's first, then those of other charts; `listens` is the port of its
    pod, `path` where the first of `services` has its pages.
    """

    name: str
    needs: tuple[tuple[str, int], ...]
    services: tuple[str, ...]
    listens: int
    path: str = "/"

    @property
    def own_services(self) -> frozenset[str]:
        """The Services by which one that was installed as Istio shows it is known."""
        return frozenset(name for name, _ in self.needs)


ADDONS: Mapping[str, Addon] = {
    addon.name: addon
    for addon in (
        Addon(
            "kiali", (("kiali", 20001),), ("kiali",), 20001, "/kiali",
        ),
        Addon(
            "jaeger", (("tracing", 80), ("tracing", 16685), ("jaeger-collector", 4317)),
            ("tracing", "jaeger-query", "jaeger", labels.BACKEND), 16686, "/jaeger",
        ),
        Addon(
            "grafana", (("grafana", 3000),), ("grafana", "kube-prometheus-stack-grafana"), 3000,
        ),
        Addon(
            "prometheus", (("prometheus", 9090),),
            ("prometheus", "prometheus-server", "prometheus-k8s", "kube-prometheus-stack-prometheus",
             "prometheus-operated"), 9090,
        ),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the add-ons are asked: each in the namespace where it is, whoever installed it there."""

    places: Mapping[str, str]  # the add-on's name -> its namespace

    @property
    def prometheus(self) -> Address:
        """Where metrics are queried."""
        return Address("prometheus", self.places["prometheus"], 9090)

    @property
    def traces(self) -> Address:
        """Where Jaeger is queried, by gRPC."""
        return Address("tracing", self.places["jaeger"], 16685)

    @property
    def grafana(self) -> Address:
        """Where dashboards are."""
        return Address("grafana", self.places["grafana"], 3000)

    @property
    def otlp(self) -> Address:
        """Where spans are sent, by OTLP over gRPC."""
        return otlp(self.places["jaeger"])


def query(namespace: str) -> Address:
    """Where that Jaeger shows traces, and answers questions over HTTP."""
    return Address("tracing", namespace, 80)


def otlp(namespace: str) -> Address:
    """Where the add-on Jaeger of this namespace takes spans, by OTLP over gRPC."""
    return Address("jaeger-collector", namespace, 4317)
