"""Each fault has a clear error, the right exit code, and comes within seconds."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.cluster import Cluster, eventually, kubectl, run

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SECONDS = 120  # far below the time limit of 300 s that a wait without reasons would take


def test_a_wrong_image_is_told_by_the_pods_own_words(cluster: Cluster) -> None:
    done = cluster("up", "--image", "localhost:5000/nosuch/echo:1", expect=6)

    assert "ErrImagePull" in done.err or "ImagePullBackOff" in done.err
    assert "nosuch/echo" in done.err
    assert done.seconds < SECONDS
    cluster("up")


def test_a_quota_is_told(cluster: Cluster) -> None:
    cluster("up")
    cluster.kubectl("create", "quota", "small", "--hard=pods=3")
    used = ("get", "quota", "small", "-o", "jsonpath={.status.used.pods}")
    eventually(lambda: cluster.kubectl(*used) == "3")

    done = cluster("up", "--replicas", "5", expect=6)

    assert "exceeded quota: small" in done.err
    assert done.seconds < SECONDS
    cluster.kubectl("delete", "quota", "small")


@pytest.fixture
def terminating(cluster: Cluster) -> Iterator[Cluster]:
    """A namespace that cannot finish terminating."""
    kubectl("create", "namespace", cluster.namespace)
    cluster.kubectl("create", "configmap", "held", "--from-literal=a=b")
    cluster.kubectl("patch", "configmap", "held", "-p", '{"metadata":{"finalizers":["example.com/hold"]}}')
    kubectl("delete", "namespace", cluster.namespace, "--wait=false")
    held = "--for=condition=NamespaceFinalizersRemaining"  # the controller looks at it only after some seconds
    kubectl("wait", held, f"namespace/{cluster.namespace}", "--timeout=60s")
    yield cluster
    run(["kubectl", "-n", cluster.namespace, "patch", "configmap", "held", "-p", '{"metadata":{"finalizers":null}}'])


def test_a_terminating_namespace_is_told(terminating: Cluster) -> None:
    done = terminating("up", "--timeout", "5s", expect=6)

    assert "still terminating" in done.err
    assert "finalizers" in done.err


def test_up_waits_for_a_namespace_that_is_going(cluster: Cluster) -> None:
    cluster("up")
    kubectl("delete", "namespace", cluster.namespace, "--wait=false")

    cluster("up")

    assert [pod["state"] for pod in cluster.pods()] == ["Ready"] * 3


def test_missing_rights_are_told_before_anything_changes(cluster: Cluster, tmp_path: Path) -> None:
    kubectl("create", "namespace", cluster.namespace)
    cluster.kubectl("create", "serviceaccount", "weak")
    cluster.kubectl("create", "rolebinding", "weak", "--clusterrole=view", f"--serviceaccount={cluster.namespace}:weak")
    token = cluster.kubectl("create", "token", "weak").strip()
    config = json.loads(kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
    config["users"][0]["user"] = {"token": token}
    weak = tmp_path / "kubeconfig"
    weak.write_text(json.dumps(config))

    done = cluster("up", "--adopt", "--yes", expect=5, KUBECONFIG=str(weak))

    assert "ask for the right" in done.err
    assert "auth can-i" in done.err
    assert cluster.kubectl("get", "deployments") == ""


def test_a_server_that_is_away_is_told(cluster: Cluster, tmp_path: Path) -> None:
    config = json.loads(kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:9"
    away = tmp_path / "kubeconfig"
    away.write_text(json.dumps(config))

    done = cluster("up", expect=5, KUBECONFIG=str(away))

    assert "does not answer" in done.err


def test_a_cluster_that_does_not_look_local_needs_yes(cluster: Cluster, tmp_path: Path) -> None:
    config = json.loads(kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
    config["clusters"][0]["cluster"]["server"] = "https://cluster.example.com:6443"
    remote = tmp_path / "kubeconfig"
    remote.write_text(json.dumps(config))

    done = cluster("up", expect=2, KUBECONFIG=str(remote))

    assert "--yes" in done.err
    assert "https://cluster.example.com:6443" in done.err


def test_no_context_no_docker_no_helm_no_kubectl(cluster: Cluster, tmp_path: Path) -> None:
    assert "no current context" in cluster("up", expect=2, KUBECONFIG=os.devnull).err
    assert "no Docker daemon" in cluster("up", expect=4, DOCKER_HOST="tcp://127.0.0.1:9").err
    assert "kubectl is not on the PATH" in cluster("up", expect=4, PATH=str(tmp_path)).err
    (tmp_path / "kubectl").symlink_to(run(["bash", "-c", "command -v kubectl"]).out.strip())
    assert "helm is not on the PATH" in cluster("up", expect=4, PATH=str(tmp_path)).err
    old = tmp_path / "helm"
    old.write_text("#!/bin/sh\necho v3.9.4+gdbc6d8e\n")
    old.chmod(0o755)
    assert "helm 3.9 is too old" in cluster("up", expect=4, PATH=f"{tmp_path}:/usr/bin:/bin").err
    assert run(["kubectl", "get", "namespace", cluster.namespace]).code != 0


def test_a_cluster_without_a_loader_needs_a_registry(cluster: Cluster) -> None:
    done = cluster("up", expect=2, LBDEMO_REGISTRY="")

    assert "--registry" in done.err
    assert run(["kubectl", "get", "namespace", cluster.namespace]).code != 0
