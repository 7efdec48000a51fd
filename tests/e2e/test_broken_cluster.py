"""What is wrong with the whole cluster is told: no node, a dead API. Nothing else can be tried meanwhile."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from e2e.cluster import Cluster, kubectl

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

SECONDS = 120  # far below the time limit of 300 s that a wait without reasons would take
DEAD = """
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.dead.lbdemo.example.com}
spec:
  group: dead.lbdemo.example.com
  version: v1
  groupPriorityMinimum: 100
  versionPriority: 100
  insecureSkipTLSVerify: true
  service: {name: nobody, namespace: default}
"""


def test_no_node_is_told(cluster: Cluster) -> None:
    nodes = kubectl("get", "nodes", "-o", "name").split()
    kubectl("cordon", *nodes)
    try:
        done = cluster("up", expect=6)
    finally:
        kubectl("uncordon", *nodes)

    assert "Unschedulable" in done.err
    assert done.seconds < SECONDS


@pytest.fixture
def dead_api() -> Iterator[None]:
    """An aggregated API whose Service is not there."""
    kubectl("apply", "-f", "-", stdin=DEAD)
    try:
        yield
    finally:
        kubectl("delete", "apiservice", "v1.dead.lbdemo.example.com")


def test_a_dead_api_is_named_at_once(cluster: Cluster, request: pytest.FixtureRequest) -> None:
    cluster("up")
    request.getfixturevalue("dead_api")

    done = cluster("clean", expect=1)

    assert "dead.lbdemo.example.com/v1" in done.out
    assert "kubectl get apiservices" in done.out
    assert done.seconds < 60


def test_a_namespace_that_a_dead_api_holds_is_told_so(cluster: Cluster, request: pytest.FixtureRequest) -> None:
    cluster("up")
    request.getfixturevalue("dead_api")
    kubectl("delete", "namespace", cluster.namespace, "--wait=false")
    time.sleep(5)

    process = cluster.start("up")
    begun, said = time.monotonic(), ""
    assert process.stdout is not None
    while "dead.lbdemo.example.com" not in said and time.monotonic() - begun < 30:
        said += process.stdout.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)

    assert "Discovery failed" in said
