"""`up` converges from every state that a cluster can be found in."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from e2e.cluster import Cluster, eventually, kubectl, run

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

BAD_IMAGE = {"role": "server", "image": {"repository": "localhost:5000/nosuch/echo", "tag": "1"}}


def ready(cluster: Cluster, servers: int = 2) -> None:
    pods = cluster.pods()
    assert [pod["state"] for pod in pods] == ["Ready"] * (servers + 1), pods
    assert "nothing to change" in cluster("up", "--replicas", str(servers)).err


def test_what_was_changed_by_hand_is_put_right(cluster: Cluster) -> None:
    cluster("up")

    cluster.kubectl("scale", "deployment/echo-server", "--replicas=1")
    cluster.kubectl("delete", "service", "echo-server")
    cluster.kubectl("delete", "deployment", "echo-client", "--cascade=foreground")
    cluster("up")

    ready(cluster)


def test_other_replicas_are_one_command(cluster: Cluster) -> None:
    cluster("up", "--replicas", "3")
    ready(cluster, 3)

    cluster("up", "--replicas", "1")

    ready(cluster, 1)


def stuck_helm(cluster: Cluster, chart: str) -> None:
    """A Helm that was killed in the middle of its work."""
    values = json.dumps(BAD_IMAGE)
    helm = subprocess.Popen(
        ["helm", "upgrade", "--install", "echo-server", chart, "-n", cluster.namespace, "--wait", "-f", "-",
         "--labels", "app.kubernetes.io/part-of=lbdemo,lbdemo/digest=interrupted"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert helm.stdin is not None
    helm.stdin.write(values)
    helm.stdin.close()
    eventually(lambda: "pending" in cluster.kubectl("get", "secrets", "-l", "owner=helm", "-L", "status"))
    time.sleep(1)
    helm.send_signal(signal.SIGKILL)
    helm.wait()


def test_a_release_that_is_stuck_in_its_installation_is_repaired(cluster: Cluster) -> None:
    from lbdemo.resources import chart_folder

    kubectl("create", "namespace", cluster.namespace)
    kubectl("label", "namespace", cluster.namespace, "app.kubernetes.io/managed-by=lbdemo")
    stuck_helm(cluster, str(chart_folder()))

    assert "repaired" in cluster("up").err

    ready(cluster)


def test_a_release_that_is_stuck_in_its_upgrade_is_repaired(cluster: Cluster) -> None:
    from lbdemo.resources import chart_folder

    cluster("up")
    stuck_helm(cluster, str(chart_folder()))

    assert "repaired" in cluster("up").err

    ready(cluster)


def test_servers_that_close_old_connections_behind_a_cluster_ip_are_seen_in_turns(cluster: Cluster) -> None:
    cluster("up", "--max-connection-age", "1s")

    result = cluster("verify", "--json", "--calls", "5000", "--expect", "in-turns").json["results"][0]

    assert result["verdict"]["outcome"] == "IN TURNS"
    assert result["verdict"]["phi"] > 10


def test_two_at_once_do_not_break_each_other(cluster: Cluster) -> None:
    first, second = cluster.start("up"), cluster.start("up", "--replicas", "3")

    out = [first.communicate(timeout=200)[0], second.communicate(timeout=200)[0]]

    assert (first.returncode, second.returncode) == (0, 0), out
    assert all(pod["state"] == "Ready" for pod in cluster.pods())
    cluster("up")
    ready(cluster)


@pytest.mark.parametrize("seconds", [0.7, 1.5, 2.5, 4.0])
def test_an_interrupted_up_is_completed_by_the_next(cluster: Cluster, seconds: float) -> None:
    process = cluster.start("up")
    time.sleep(seconds)

    process.send_signal(signal.SIGINT)
    out = process.communicate(timeout=60)[0]

    assert process.returncode in (0, 130), out
    cluster("up")
    ready(cluster)


def test_a_killed_up_is_completed_by_the_next(cluster: Cluster) -> None:
    process = cluster.start("up")
    time.sleep(2.2)
    process.kill()
    process.communicate(timeout=60)

    cluster("up")

    ready(cluster)


def test_an_adopted_namespace_is_used_and_never_deleted(cluster: Cluster) -> None:
    kubectl("create", "namespace", cluster.namespace)
    cluster.kubectl("create", "configmap", "theirs", "--from-literal=a=b")

    assert "did not make it" in cluster("up", expect=2).err
    cluster("up", "--adopt")
    assert "nothing left" in cluster("clean").out

    assert "theirs" in cluster.kubectl("get", "configmaps")
    assert "lbdemo" not in cluster.kubectl("get", "configmaps,secrets,leases,pods", "--show-labels")
    run(["kubectl", "delete", "namespace", cluster.namespace])


def test_a_namespace_with_somebody_elses_things_is_kept(cluster: Cluster) -> None:
    cluster("up")
    cluster.kubectl("create", "configmap", "theirs", "--from-literal=a=b")

    told = cluster("clean", expect=1).out

    assert f"ConfigMap {cluster.namespace}/theirs, which lbdemo did not make" in told
    assert "theirs" in cluster.kubectl("get", "configmaps")
    cluster.kubectl("delete", "configmap", "theirs")
    assert "nothing left" in cluster("clean").out


def test_a_foreign_release_of_the_same_name_is_refused(cluster: Cluster) -> None:
    from lbdemo.resources import chart_folder

    kubectl("create", "namespace", cluster.namespace)
    values = json.dumps({"role": "server", "replicas": 1})
    done = run(
        ["helm", "install", "echo-server", str(chart_folder()), "-n", cluster.namespace, "-f", "-"], stdin=values
    )
    assert done.code == 0, done.err

    told = cluster("up", "--adopt", expect=2).err

    assert "has a Helm release echo-server that is not lbdemo's" in told
    assert "echo-server" in run(["helm", "list", "-n", cluster.namespace]).out


def test_the_dry_run_changes_nothing_and_can_be_pasted(make_cluster: Callable[..., Cluster]) -> None:
    cluster = make_cluster()

    plan = cluster("up", "--dry-run").out

    assert run(["kubectl", "get", "namespace", cluster.namespace]).code != 0
    pasted = run(["bash", "-euc", plan])
    assert pasted.code == 0, pasted.err
    assert sorted(pod["state"] for pod in cluster.pods()) == ["Ready"] * 3


def test_an_interrupted_verify_leaves_no_client_in_its_pod(cluster: Cluster) -> None:
    cluster("up")
    process = cluster.start("verify", "--calls", "100000")
    eventually(lambda: len(cluster.clients()) == 1)

    process.send_signal(signal.SIGINT)
    out = process.communicate(timeout=60)[0]

    assert process.returncode == 130, out
    eventually(lambda: cluster.clients() == [], 15)  # it would go on for 200 s
