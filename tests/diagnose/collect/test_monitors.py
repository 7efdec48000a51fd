"""Pods that do not say themselves where they tell their figures: monitors of Prometheus' Operator do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from diagnose.shops import pod, service
from fake_api import FakeApi
from fakes import FakeStreams

from lbdemo.diagnose.collect.asked import Means
from lbdemo.diagnose.collect.exec_looks import Turns
from lbdemo.diagnose.collect.metrics import Page
from lbdemo.diagnose.collect.monitors import Monitors
from lbdemo.diagnose.collect.watching import Counters
from lbdemo.kube.records.pods import Container, ContainerPort, Pod
from lbdemo.kube.records.services import ServicePort
from lbdemo.tools.kubectl import Kubectl

LABELS = {"app": "payments"}
PORTS = (ContainerPort(9090, "grpc"), ContainerPort(9404, "figures"))
PAYMENTS = replace(service(meta={"labels": {"team": "till"}}), ports=(ServicePort(8080, "grpc", "grpc"),
                                                                     ServicePort(81, "stats", "figures")))  # fmt: skip


def server() -> Pod:
    one = pod("payments-a", "10.0.0.1", meta={"labels": LABELS})
    return replace(one, containers=(Container("app", "app:1", running=True, ports=PORTS),))


def monitor(kind: str, namespace: str = "shop", **spec: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": "watch", "namespace": namespace}, "spec": spec}


def by_pods(*ends: dict[str, Any], labels: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    selector = {"matchLabels": LABELS if labels is None else labels, **more.pop("selector", {})}
    return monitor("PodMonitor", selector=selector, podMetricsEndpoints=list(ends), **more)


def by_service(*ends: dict[str, Any], **more: Any) -> dict[str, Any]:
    return monitor("ServiceMonitor", selector={"matchLabels": {"team": "till"}}, endpoints=list(ends), **more)


FIGURES = {"port": "figures"}


@pytest.mark.parametrize(
    ("told", "page"),
    [
        (by_pods(FIGURES), Page(9404, "metrics")),
        (by_pods({**FIGURES, "path": "/stats"}), Page(9404, "stats")),
        (by_pods({"portNumber": 7000}), Page(7000, "metrics")),
        (by_pods({"targetPort": "figures"}), Page(9404, "metrics")),
        (by_pods(FIGURES, {"portNumber": 7000}), Page(9404, "metrics")),
        (by_pods(FIGURES, labels={}), Page(9404, "metrics")),
        (by_pods(FIGURES, namespace="watch", namespaceSelector={"any": True}), Page(9404, "metrics")),
        (by_pods(FIGURES, namespace="watch", namespaceSelector={"matchNames": ["shop"]}), Page(9404, "metrics")),
        (by_service({"port": "stats"}), Page(9404, "metrics")),
        (by_service({"targetPort": 9404}), Page(9404, "metrics")),
        (by_pods({"port": "nothing"}), None),
        (by_pods(FIGURES, labels={"app": "orders"}), None),
        (by_pods(FIGURES, selector={"matchExpressions": [{"key": "app", "operator": "Exists"}]}), None),
        (by_pods(FIGURES, namespace="watch"), None),
        (by_pods(FIGURES, namespaceSelector={"matchNames": ["orders"]}), None),
        (by_service({"port": "figures"}), None),
    ],
)  # fmt: skip
def test_a_page_is_where_a_monitor_for_the_pod_says(told: dict[str, Any], page: Page | None) -> None:
    with FakeApi().add(told) as fake:
        found = list(Monitors(fake.api(), PAYMENTS).pages(server()))

    assert found == ([page] if page else [])


def test_who_may_not_see_those_of_all_namespaces_asks_for_its_own() -> None:
    with FakeApi().add(by_pods(FIGURES)) as fake:
        fake.forbid("list", "podmonitors.monitoring.coreos.com")

        assert list(Monitors(fake.api(), PAYMENTS).pages(server())) == []
        asked = [line.partition("?")[0] for line in fake.asked if "podmonitors" in line]

    prefix = "GET /apis/monitoring.coreos.com/v1"
    assert asked == [f"{prefix}/podmonitors", f"{prefix}/namespaces/shop/podmonitors"]


def test_without_such_kinds_there_is_none() -> None:
    with FakeApi() as fake:
        fake.unknown.update({"podmonitors.monitoring.coreos.com", "servicemonitors.monitoring.coreos.com"})

        assert list(Monitors(fake.api(), PAYMENTS).pages(server())) == []


def test_the_counters_behind_it_are_read() -> None:
    with FakeApi().add(by_pods(FIGURES)) as fake, FakeStreams() as run:
        fake.passed["payments-a:9404/proxy/metrics"] = (200, b'grpc_server_started_total{grpc_service="a"} 7\n')

        seen = Counters(Means(fake.api(), Kubectl(run)), PAYMENTS, [server()]).watch(Turns(2, 0.0))

    assert [(look.source, look.calls) for look in seen.metrics] == [("grpc_server_started_total", 7)] * 2
