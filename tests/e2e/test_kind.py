"""On a real kind with two nodes: kind's own loader brings the image, and pods of both nodes answer."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from e2e.cluster import Cluster, inventory, kubectl, new_since, run

pytestmark = [pytest.mark.kind, pytest.mark.timeout(600)]


TAINT = "node-role.kubernetes.io/control-plane"


@pytest.fixture
def every_node() -> Iterator[None]:
    """The control plane's node takes pods, too: kind's smallest cluster of two nodes has only one worker."""
    run(["kubectl", "taint", "nodes", "--all", f"{TAINT}-"])
    yield
    run(["kubectl", "taint", "nodes", "-l", TAINT, f"{TAINT}:NoSchedule"])


@pytest.mark.usefixtures("every_node")
def test_the_image_is_loaded_and_all_nodes_take_part() -> None:
    before = inventory()
    context = kubectl("config", "current-context").strip()
    assert context.startswith("kind-"), f"the current context is {context}, not a kind cluster"
    cluster = Cluster(f"lbdemo-{os.getpid()}")

    told = cluster("up", "--strategy", "headless", "--replicas", "4", LBDEMO_REGISTRY="").err
    assert f"loaded into kind cluster {context.removeprefix('kind-')}" in told
    pods = [pod for pod in cluster.pods() if pod["release"] == "echo-server"]
    assert len({pod["node"] for pod in pods}) >= 2, "pods run on more than one node"
    assert all(not pod["image"].startswith("localhost") for pod in pods)
    result = cluster("verify", "--json", LBDEMO_REGISTRY="").json["results"][0]
    assert result["verdict"]["outcome"] == "BALANCED"

    cluster("up", "--replicas", "4", LBDEMO_REGISTRY="")
    result = cluster("verify", "--json", LBDEMO_REGISTRY="").json["results"][0]
    assert result["verdict"]["outcome"] == "PINNED"

    assert "nothing left" in cluster("clean").out
    assert new_since(before) == []
