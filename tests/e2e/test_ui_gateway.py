"""The page through Istio's ingress gateway: calls on the road from outside, and nothing left of it afterwards."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from os import environ

import pytest
from grpc_web import echo, watch

from e2e.cluster import Cluster, eventually, kubectl, run
from e2e.pages import calls, expectations, page, port_forwards, press
from lbdemo.cluster.istio.charts import chart
from lbdemo.config import ISTIO_CHARTS, ISTIO_VERSION, IstioSource

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.xdist_group("ui")]

KINDS = "gateways.networking.istio.io,virtualservices.networking.istio.io,services"


@pytest.fixture
def gateway(cluster: Cluster) -> Iterator[str]:
    """NAMESPACE/NAME of an ingress gateway of our own, before the Istio that `up` brings."""
    cluster("up", "--istio", "--replicas", "3")
    source = IstioSource(
        environ.get("LBDEMO_ISTIO_CHARTS", ISTIO_CHARTS), environ.get("LBDEMO_ISTIO_VERSION", ISTIO_VERSION),
        plain_http=bool(environ.get("LBDEMO_PLAIN_HTTP")),
    )  # fmt: skip
    place, name, its = f"lbdemo-{uuid.uuid4().hex[:6]}", "istio-ingressgateway", chart(source, "gateway")
    argv = ["helm", "upgrade", "--install", name, its.reference, *its.options(), "-n", place, "--create-namespace",
            "--set", "service.type=NodePort", "--wait", "--timeout", "120s"]  # fmt: skip
    installed = run(argv)
    assert installed.code == 0, installed.err
    yield f"{place}/{name}"
    run(["helm", "uninstall", name, "-n", place])
    run(["kubectl", "delete", "namespace", place, "--wait=false"])


def ours(cluster: Cluster) -> set[str]:
    """What there is for the gateway."""
    return set(cluster.kubectl("get", KINDS, "-o", "name").split()) & {
        "gateway.networking.istio.io/lbdemo-gateway", "virtualservice.networking.istio.io/lbdemo-gateway",
        "service/echo-server-ui",
    }  # fmt: skip


def quiet(url: str) -> bool:
    """Whether no call fails: what was pushed last may be late."""
    return not any(echo(url, way).code != 0 for way in ("/connection", "/call") for _ in range(30))


def spread(url: str, way: str) -> list[int]:
    """How many calls each server answered, in ascending order; servers that leave answer some, too."""
    return sorted(calls(url, way).values())


def test_calls_come_by_the_road_from_outside_and_nothing_is_left_of_it(cluster: Cluster, gateway: str) -> None:
    place, _, name = gateway.partition("/")
    theirs = kubectl("-n", place, "get", "all", "-o", "name")
    with page(cluster, "--gateway-service", gateway) as (_, url):
        assert len(ours(cluster)) == 3
        eventually(lambda: quiet(url))
        eventually(lambda: all(spread(url, way) == [20, 20, 20] for way in ("/connection", "/call")))

        cluster("up", "--replicas", "3")
        eventually(lambda: expectations(url) == ["PINNED", "BALANCED"])
        eventually(lambda: quiet(url))
        eventually(lambda: (spread(url, "/connection"), spread(url, "/call")) == ([60], [20, 20, 20]))
        with watch(url, "/call", 50) as stream:
            assert len(stream.read(5)) == 5
        hostile = [
            press(url, {"action": "restart"}, **headers)
            for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}, {"X-Lbdemo-Token": "guessed"})
        ]
        assert hostile == [403, 421, 403]

    assert ours(cluster) == set()
    assert kubectl("-n", place, "get", "all", "-o", "name") == theirs

    kubectl("-n", place, "patch", "service", name, "-p", json.dumps({"spec": {"type": "ClusterIP"}}))
    with page(cluster, "--gateway-service", gateway, "--read-only") as (running, url):
        assert len(port_forwards(running)) == 1
        assert sum(calls(url, "/call", 30).values()) == 30
        assert press(url, {"action": "restart"}) == 404
        running.kill()
    assert len(ours(cluster)) == 3
    assert "nothing left" in cluster("clean").out
