"""The main job, as README tells it: one pod before, all pods after, nothing left."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

import pytest

from e2e.cluster import Cluster, changes_since, eventually, inventory, settled_round_robin

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def answers(cluster: Cluster) -> Counter[str]:
    """Which server answered how often, by the client's own log."""
    lines = cluster("logs", "client", "--no-follow", "--json", "--since", "5s").out.splitlines()
    samples = [json.loads(line) for line in lines]
    return Counter(sample["server"] for sample in samples if sample.get("code") == "OK")


def servers(cluster: Cluster) -> set[str]:
    return {pod["name"] for pod in cluster.pods() if pod["release"] == "echo-server"}


def test_a_person_sees_the_problem_the_remedy_and_a_clean_cluster(make_cluster: Callable[..., Cluster]) -> None:
    before = inventory()
    cluster = make_cluster("lbdemo")

    cluster("build")
    cluster("up")
    eventually(lambda: sum(answers(cluster).values()) > 10)
    assert len(answers(cluster)) == 1, "without a mesh one pod answers everything"
    pinned = cluster("verify", "--json").json["results"][0]
    assert pinned["verdict"]["outcome"] == "PINNED"
    assert all(server["own"] == server["client"] for server in pinned["witness"]["servers"])
    assert "nothing to change" in cluster("up").err

    cluster("up", "--istio")
    assert all(pod["sidecar"] and pod["state"] == "Ready" for pod in cluster.pods())
    eventually(lambda: set(answers(cluster)) == servers(cluster))
    balanced = settled_round_robin(cluster)
    assert all(server["own"] == server["client"] for server in balanced["witness"]["servers"])
    assert "nothing to change" in cluster("up", "--istio").err

    cluster("up")
    assert not any(pod["sidecar"] for pod in cluster.pods())
    assert "installed by lbdemo" in cluster("status").out, "Istio stays until clean --istio"

    assert "nothing left" in cluster("clean", "--istio").out
    assert changes_since(before) == ([], [])
    assert "nothing to clean" in cluster("clean", "--istio").out
