"""The CPU of servers: of a metrics server, of kubelets, or of nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from diagnose.shops import pod, service
from fake_api import FakeApi

from lbdemo.diagnose.collect.cpu import used
from lbdemo.diagnose.looks import PodCpu
from lbdemo.kube.kinds import POD_METRICS

SERVERS = (pod("payments-a", "10.0.0.1"), pod("payments-b", "10.0.0.2"))
SUMMARY = "node-1/proxy/stats/summary"


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        yield fake


def metrics(name: str, *cpu: str) -> dict[str, Any]:
    containers = [{"name": f"c{number}", "usage": {"cpu": one, "memory": "1Mi"}} for number, one in enumerate(cpu)]
    labels = {"app": "payments"}
    return {
        "kind": "PodMetrics",
        "metadata": {"name": name, "namespace": "shop", "labels": labels},
        "containers": containers,
    }


def summary(*pods: tuple[str, dict[str, Any]]) -> bytes:
    told = [{"podRef": {"name": name, "namespace": "shop"}, **figures} for name, figures in pods]
    return json.dumps({"node": {}, "pods": told}).encode()


def test_a_metrics_server_tells_it_container_by_container(server: FakeApi) -> None:
    for name, cpu in (("payments-a", ("120m", "30500000n")), ("payments-b", ("1",)), ("payments-gone", ("2",))):
        server.put(POD_METRICS, metrics(name, *cpu))

    found = used(server.api(), service(), SERVERS)

    assert [(one.pod, round(one.cores, 4), one.source) for one in found] == [
        ("shop/payments-a", 0.1505, "metrics server"),
        ("shop/payments-b", 1.0, "metrics server"),
    ]
    assert not any("nodes" in question for question in server.asked)


def test_without_one_the_kubelets_are_asked_for_cpu_only(server: FakeApi) -> None:
    server.unknown.add(POD_METRICS.resource)
    told: list[tuple[str, dict[str, Any]]] = [
        ("payments-a", {"cpu": {"usageNanoCores": 250_000_000}}),
        ("payments-b", {"cpu": {}}),
        ("other", {}),
    ]
    server.passed[SUMMARY] = (200, summary(*told))

    assert used(server.api(), service(), SERVERS) == (PodCpu("shop/payments-a", 0.25, "kubelets"),)
    assert any("only_cpu_and_memory=true" in question for question in server.asked)


@pytest.mark.parametrize("answer", [(200, b"<html>"), (500, b""), (200, b'{"pods": [{"cpu": {"usageNanoCores": 1}}]}')])
def test_a_kubelet_that_tells_nothing_is_no_failure(server: FakeApi, answer: tuple[int, bytes]) -> None:
    server.unknown.add(POD_METRICS.resource)
    server.passed[SUMMARY] = answer

    assert used(server.api(), service(), SERVERS) == ()


def test_who_may_ask_neither_is_told_nothing(server: FakeApi) -> None:
    server.forbid("list", POD_METRICS.resource).forbid("get", "nodes/proxy")

    assert used(server.api(), service(), SERVERS) == ()
