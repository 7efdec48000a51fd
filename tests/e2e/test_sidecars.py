"""Sidecars in one namespace, in an Istio that others use, too: what they refuse, what they lose, honest verdicts."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.cluster import Cluster, eventually, kubectl, lbdemo_argv, run

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def mesh() -> Iterator[Cluster]:
    """One namespace with sidecars for all tests here; Istio goes with it, unless others use it."""
    cluster = Cluster("lbdemo-sidecars")
    cluster("up", "--istio", "--replicas", "3")
    yield cluster
    run(lbdemo_argv(cluster.namespace, "clean", "--istio"))


def test_plain_calls_are_refused(mesh: Cluster, make_cluster: Callable[..., Cluster]) -> None:
    outside = make_cluster()
    kubectl("create", "namespace", outside.namespace)
    image = mesh.pods()[0]["image"]
    target = f"echo-server.{mesh.namespace}.svc.cluster.local:8080"
    arguments = ["client", "--target", target, "--count", "3", "--timeout", "2", "--format", "json"]
    outside.kubectl("run", "caller", f"--image={image}", "--restart=Never", "--", *arguments)
    outside.kubectl("wait", "--for=jsonpath={.status.phase}=Failed", "pod/caller", "--timeout=90s")

    said = outside.kubectl("logs", "caller").splitlines()

    codes = [json.loads(line)["code"] for line in said if line.startswith('{"v"')]
    assert len(codes) == 3
    assert "OK" not in codes


def verified(mesh: Cluster) -> Any:
    """What `verify` finds, whatever its exit code."""
    argv = lbdemo_argv(mesh.namespace, "verify", "--json")
    return run(argv).json["results"][0]


def servers(mesh: Cluster) -> set[str]:
    return {pod["name"] for pod in mesh.pods() if pod["release"] == "echo-server"}


def test_a_rolling_restart_under_load_loses_no_call(mesh: Cluster, tmp_path: Path) -> None:
    client = next(pod["name"] for pod in mesh.pods() if pod["release"] == "echo-client")
    command = ["lbdemo", "client", "--target", f"echo-server.{mesh.namespace}.svc.cluster.local:8080", "--run", "roll",
               "--rate", "100", "--count", "20000", "--retry", "--format", "json"]  # fmt: skip
    before, written = servers(mesh), tmp_path / "calls.jsonl"
    with written.open("w") as out:
        argv = ["kubectl", "-n", mesh.namespace, "exec", client, "-c", "echo", "--", *command]
        calls = subprocess.Popen(argv, stdout=out, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: len(written.read_text().splitlines()) > 300)
        mesh.kubectl("rollout", "restart", "deployment/echo-server")
        mesh.kubectl("rollout", "status", "deployment/echo-server", "--timeout=120s")
        eventually(lambda: not before & servers(mesh))
        seen = len(written.read_text().splitlines())
        eventually(lambda: len(written.read_text().splitlines()) > seen + 300)
    finally:
        mesh.kubectl("exec", client, "-c", "echo", "--", "lbdemo", "peer", "end", "--run", "roll")
        calls.wait(timeout=60)

    samples = [line for line in map(json.loads, written.read_text().splitlines()) if "seq" in line]
    assert {sample["code"] for sample in samples} == {"OK"}
    assert {sample["server"] for sample in samples} == before | servers(mesh), "three pods before, three after"


def test_pods_without_sidecars_under_a_labelled_namespace_are_made_anew(mesh: Cluster) -> None:
    mesh.kubectl("label", "deployment/echo-server", "lbdemo-test=1")
    patch = {"spec": {"template": {"metadata": {"labels": {"sidecar.istio.io/inject": "false"}}}}}
    mesh.kubectl("patch", "deployment/echo-server", "-p", json.dumps(patch))
    mesh.kubectl("rollout", "status", "deployment/echo-server", "--timeout=120s")
    assert not all(pod["sidecar"] for pod in mesh.pods())

    mesh("up", "--istio", "--replicas", "3")

    assert all(pod["sidecar"] for pod in mesh.pods())


def test_a_namespace_that_lost_its_label_gets_it_back(mesh: Cluster) -> None:
    kubectl("label", "namespace", mesh.namespace, "istio-injection-")

    mesh("up", "--istio", "--replicas", "3")

    assert mesh("status", "--json").json["namespace"]["injection"] == "enabled"
    assert all(pod["sidecar"] for pod in mesh.pods())


def test_a_policy_that_is_taken_away_behind_its_back_never_passes_as_promised(mesh: Cluster) -> None:
    """Istio's own default is least request: even, and no round robin."""
    mesh.kubectl("delete", "destinationrules", "--all")
    try:
        eventually(lambda: verified(mesh)["verdict"]["fingerprint"] != "round robin")
        results = [verified(mesh) for _ in range(5)]
    finally:
        mesh("up", "--istio", "--replicas", "3")

    assert [result["ok"] for result in results] == [False] * 5
    assert "round robin" not in {result["verdict"]["fingerprint"] for result in results}


def test_too_few_calls_are_inconclusive(mesh: Cluster) -> None:
    result = mesh("verify", "--json", "--calls", "20", expect=7).json["results"][0]

    assert result["verdict"]["outcome"] == "INCONCLUSIVE"
    assert result["verdict"]["more_calls"] > 0


def answering(mesh: Cluster) -> set[str]:
    """Who answers a few calls from the client's pod."""
    command = ("lbdemo", "client", "--target", f"echo-server.{mesh.namespace}.svc.cluster.local:8080",
               "--interval", "0", "--count", "30", "--format", "json")  # fmt: skip
    said = mesh.kubectl("exec", "deployment/echo-client", "-c", "echo", "--", *command)
    return {json.loads(line)["server"] for line in said.splitlines() if line.startswith('{"v"')}


def test_a_rule_that_sends_all_to_one_pod_is_caught(mesh: Cluster) -> None:
    pod = next(pod["name"] for pod in mesh.pods() if pod["release"] == "echo-server")
    mesh.kubectl("label", "pod", pod, "chosen=yes")
    host = f"echo-server.{mesh.namespace}.svc.cluster.local"
    rules = f"""
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: one-pod}}
spec: {{host: {host}, subsets: [{{name: one, labels: {{chosen: "yes"}}}}]}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: one-pod}}
spec:
  hosts: [{host}]
  http: [{{route: [{{destination: {{host: {host}, subset: one}}}}]}}]
"""
    everybody = servers(mesh)
    mesh.kubectl("apply", "-f", "-", stdin=rules)
    try:
        eventually(lambda: answering(mesh) == {pod})
        result = mesh("verify", "--json", expect=1).json["results"][0]
    finally:
        mesh.kubectl("delete", "-f", "-", stdin=rules)
        eventually(lambda: answering(mesh) == everybody)

    assert result["verdict"]["outcome"] == "PINNED"
    assert result["verdict"]["reasons"][0]["figures"]["server"] == pod


def test_a_pod_that_goes_during_the_block_is_told(mesh: Cluster) -> None:
    argv = lbdemo_argv(mesh.namespace, "verify", "--json", "--calls", "3000", "--rate", "150")
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    eventually(lambda: bool(mesh.clients()))
    time.sleep(4)  # the block lasts 20 s

    mesh.kubectl("scale", "deployment/echo-server", "--replicas=2")
    out, err = process.communicate(timeout=120)

    result = json.loads(out)["results"][0]
    assert process.returncode in {1, 7}, err
    assert result["verdict"]["outcome"] in {"UNBALANCED", "INCONCLUSIVE"}
    assert any("went away" in note for note in result["notes"])
    assert result["summary"]["failed"] == 0
    mesh("up", "--istio", "--replicas", "3")
