"""What servers' pods receive and send: of kubelets, in two readings, or of nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from diagnose.shops import pod
from fake_api import FakeApi

from lbdemo.diagnose.collect.network import carried, read, since
from lbdemo.diagnose.looks import PodNetwork
from lbdemo.kube.records.usage import PodTraffic

SERVERS = (pod("payments-a", "10.0.0.1"), pod("payments-b", "10.0.0.2"))
SUMMARY = "node-1/proxy/stats/summary"


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        yield fake


def summary(at: str, **received: int) -> tuple[int, bytes]:
    told = [
        {"podRef": {"name": name.replace("_", "-"), "namespace": "shop"},
         "network": {"time": at, "rxBytes": many, "txBytes": 2 * many}}
        for name, many in received.items()
    ]  # fmt: skip
    return 200, json.dumps({"node": {}, "pods": [*told, {"podRef": {"name": "x", "namespace": "shop"}}]}).encode()


def traffic(at: str, received: int, sent: int = 0) -> dict[str, PodTraffic]:
    return {"shop/payments-a": PodTraffic("shop", "payments-a", at, received, sent)}


def test_what_came_between_two_readings(server: FakeApi) -> None:
    server.passed[SUMMARY] = summary("10:00:00", payments_a=1000, payments_b=50, other=7)
    before = read(server.api(), SERVERS)
    server.passed[SUMMARY] = summary("10:00:10", payments_a=9000, payments_b=60, other=9)

    assert since(server.api(), before, SERVERS) == (
        PodNetwork("shop/payments-a", 8000, 16000, "kubelets"),
        PodNetwork("shop/payments-b", 10, 20, "kubelets"),
    )


def test_a_pod_in_the_nodes_network_has_no_count_of_its_own(server: FakeApi) -> None:
    server.passed[SUMMARY] = summary("10:00:00", payments_a=1000, payments_b=50)

    assert list(read(server.api(), (SERVERS[0], replace(SERVERS[1], host_network=True)))) == ["shop/payments-a"]


def test_a_kubelet_that_has_not_looked_again_tells_nothing() -> None:
    assert carried(traffic("10:00:00", 1000), traffic("10:00:00", 1000)) == ()


@pytest.mark.parametrize("later", [traffic("10:00:10", 500, 90), traffic("10:00:10", 2000, 5)])
def test_counters_that_fall_have_begun_again(later: dict[str, PodTraffic]) -> None:
    assert carried(traffic("10:00:00", 1000, 50), later) == ()


def test_a_pod_that_came_later_is_not_known() -> None:
    assert carried({}, traffic("10:00:10", 500)) == ()


def test_who_was_told_nothing_is_not_asked_again(server: FakeApi) -> None:
    server.forbid("get", "nodes/proxy")

    assert since(server.api(), read(server.api(), SERVERS), SERVERS) == ()
    assert len(server.asked) == 1


@pytest.mark.parametrize("answer", [(200, b"<html>"), (500, b""), (200, b'{"pods": [{"network": 7}]}')])
def test_a_kubelet_that_tells_nothing_is_no_failure(server: FakeApi, answer: tuple[int, bytes]) -> None:
    server.passed[SUMMARY] = answer

    assert read(server.api(), SERVERS) == {}
