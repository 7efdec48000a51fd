"""`clean` on a cluster that others use, too: what is not proven to be lbdemo's stays, and what was not seen is said."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from e2e.cluster import Cluster, eventually, kubectl, lbdemo_argv, run

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

KUBERC = """
apiVersion: kubectl.config.k8s.io/v1beta1
kind: Preference
defaults:
  - command: delete
    options: [{name: interactive, default: "true"}]
"""


def install_chart(cluster: Cluster, release: str) -> None:
    """Our chart, as somebody else installs it."""
    from lbdemo.resources import chart_folder

    values = json.dumps({"role": "server", "replicas": 1})
    done = run(["helm", "install", release, str(chart_folder()), "-n", cluster.namespace, "-f", "-"], stdin=values)
    assert done.code == 0, done.err


def test_a_release_of_our_chart_that_somebody_else_installed_stays_whole(cluster: Cluster) -> None:
    kubectl("create", "namespace", cluster.namespace)
    install_chart(cluster, "demo")
    before = cluster.kubectl("get", "deployments,services", "-o", "name")

    told = cluster("clean").out

    assert "nothing to clean" in told
    assert cluster.kubectl("get", "deployments,services", "-o", "name") == before


def test_beside_our_own_release_it_stays_whole_too(cluster: Cluster) -> None:
    kubectl("create", "namespace", cluster.namespace)
    cluster("up", "--adopt")
    install_chart(cluster, "demo")
    before = {f"{kind}/demo" for kind in ("deployment.apps", "service")}

    plan = cluster("clean", "--dry-run").out
    told = cluster("clean").out

    assert "held by Helm release" in plan
    assert "/demo" not in plan
    assert "nothing left" in told
    there = set(cluster.kubectl("get", "deployments,services", "-o", "name").split())
    assert before <= there
    assert not any("echo" in name for name in there)


def test_one_that_cannot_start_does_not_keep_ours_from_it(cluster: Cluster) -> None:
    """The chart's own labels are on its pods, too; its image is one that no registry has."""
    kubectl("create", "namespace", cluster.namespace)
    install_chart(cluster, "demo")

    cluster("up", "--adopt")

    assert {pod["release"] for pod in cluster.pods()} == {"echo-client", "echo-server"}
    assert "nothing to change" in cluster("up", "--adopt").err


def test_a_cluster_role_that_appeared_is_told_with_who_made_it(cluster: Cluster) -> None:
    cluster("up")
    kubectl("create", "clusterrole", "lbdemo-x", "--verb=get", "--resource=pods")
    try:
        told = cluster("clean").out
    finally:
        kubectl("delete", "clusterrole", "lbdemo-x")

    assert "nothing left" in told
    assert "lbdemo-x: made by kubectl-create" in told


def test_a_kuberc_that_asks_before_each_delete_steers_nothing(cluster: Cluster, tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "kuberc").write_text(KUBERC)
    cluster("up")

    told = cluster("clean", HOME=str(tmp_path), KUBECONFIG=os.environ.get("KUBECONFIG", "")).out

    assert "nothing left" in told
    eventually(lambda: run(["kubectl", "get", "namespace", cluster.namespace]).code != 0)


def test_who_loses_the_lock_stops_and_says_who_has_it(cluster: Cluster) -> None:
    process = cluster.start("compare", "clusterip", "--drill", "scale-up")
    space = f"{cluster.namespace}-clusterip"
    eventually(lambda: run(["kubectl", "-n", space, "get", "lease", "lbdemo-lock"]).code == 0)
    time.sleep(2)

    theirs = json.dumps({"spec": {"holderIdentity": "bob@elsewhere"}})
    kubectl("-n", space, "patch", "lease", "lbdemo-lock", "--type=merge", "-p", theirs)
    out = process.communicate(timeout=60)[0]

    assert process.returncode == 5, out
    assert "bob@elsewhere has it now" in out
    assert run(["kubectl", "get", "namespace", space]).code == 0, "it is theirs"
    run(["kubectl", "delete", "namespace", space, "--wait=false"])


def test_a_killed_holder_is_taken_over(cluster: Cluster) -> None:
    process = cluster.start("up")
    eventually(lambda: run(["kubectl", "-n", cluster.namespace, "get", "lease", "lbdemo-lock"]).code == 0)
    process.kill()
    process.communicate(timeout=60)

    assert "nothing left" in cluster("clean").out


def test_two_comparisons_at_once_wait_for_each_other(cluster: Cluster) -> None:
    argv = lbdemo_argv(cluster.namespace, "compare", "clusterip", "--drill", "none", "--calls", "200")
    both = [
        subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ)
        for _ in range(2)
    ]

    out = [process.communicate(timeout=300)[0] for process in both]

    assert [process.returncode for process in both] == [0, 0], out
    assert any("another lbdemo works on" in text for text in out)
    assert run(["kubectl", "get", "namespace", f"{cluster.namespace}-clusterip"]).code != 0


def test_a_namespace_that_a_person_made_is_refused_by_compare(cluster: Cluster) -> None:
    mine = Cluster(f"{cluster.namespace}-clusterip")
    mine("up")
    try:
        told = cluster("compare", "clusterip", "--drill", "none", expect=2).err

        assert "made by `lbdemo up`, not by a comparison" in told
        assert "Ready" in {pod["state"] for pod in mine.pods()}
    finally:
        mine("clean")
