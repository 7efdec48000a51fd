"""An Istio of ours: exact round robin, mended whatever was done to it, removed when nobody uses it any more."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from e2e.cluster import Cluster, figures, inventory, kubectl, lbdemo_argv, new_since, run, settled_round_robin

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def mesh() -> Iterator[Cluster]:
    """One namespace with sidecars for all tests here; Istio goes at the end, and nothing is left."""
    before = inventory()
    cluster = Cluster("lbdemo-mesh")
    cluster("up", "--istio", "--replicas", "3")
    yield cluster
    assert "nothing left" in cluster("clean", "--istio").out
    assert new_since(before) == []


def test_round_robin_is_exact(mesh: Cluster) -> None:
    result = settled_round_robin(mesh, "--calls", "1500")

    calls = [share["calls"] for share in result["verdict"]["shares"]]
    assert len(calls) == 3
    assert max(calls) - min(calls) <= 15, "exact, but for the calls that the client's pod makes beside"


@pytest.mark.usefixtures("mesh")
def test_rolling_restarts_lose_no_call_of_many_connections_that_retry(cluster: Cluster) -> None:
    done = run(lbdemo_argv(cluster.namespace, "compare", "istio", "--json", "--drill", "rolling-restart"))

    assert done.out, done.err
    assert figures(done.json["results"][0], "rolling-restart")["with_retries"]["failed"] == 0


def nobodys_webhook(namespace: str) -> str:
    """A webhook that must be asked for each pod of the namespace, behind a Service that is not there."""
    hook = {
        "name": "nobody.lbdemo.invalid",
        "clientConfig": {"service": {"name": "nobody", "namespace": namespace, "path": "/"}},
        "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}],
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "failurePolicy": "Fail", "sideEffects": "None", "admissionReviewVersions": ["v1"], "timeoutSeconds": 1,
    }  # fmt: skip
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration"}
    return json.dumps({**kind, "metadata": {"name": namespace}, "webhooks": [hook]})


@pytest.mark.usefixtures("mesh")
def test_a_webhook_that_refuses_pods_is_told(cluster: Cluster) -> None:
    hook = nobodys_webhook(cluster.namespace)
    kubectl("apply", "-f", "-", stdin=hook)
    try:
        done = cluster("up", "--istio", expect=5)
    finally:
        kubectl("delete", "-f", "-", stdin=hook)

    assert "webhook nobody.lbdemo.invalid asks Service" in done.err, "before anything is changed"
    assert done.seconds < 120
    cluster("up", "--istio")


@pytest.mark.usefixtures("mesh")
def test_our_istio_that_was_scaled_to_nothing_is_started_again(cluster: Cluster) -> None:
    kubectl("-n", "istio-system", "scale", "deployment/istiod", "--replicas=0")
    kubectl("-n", "istio-system", "wait", "--for=delete", "pod", "-l", "app=istiod", "--timeout=60s")

    cluster("up", "--istio")

    assert all(pod["sidecar"] for pod in cluster.pods())


@pytest.mark.usefixtures("mesh")
def test_our_istio_without_its_service_and_webhook_is_made_whole(cluster: Cluster) -> None:
    kubectl("-n", "istio-system", "delete", "service/istiod")
    kubectl("delete", "mutatingwebhookconfiguration/istio-sidecar-injector")

    cluster("up", "--istio")

    assert all(pod["sidecar"] for pod in cluster.pods())
    assert "nothing to change" in cluster("up", "--istio").err


def test_least_request_is_balanced_but_not_exact(mesh: Cluster) -> None:
    mesh("up", "--istio", "--replicas", "3", "--lb-policy", "least-request")
    try:
        result = mesh("verify", "--json", "--calls", "6000").json["results"][0]
    finally:
        mesh("up", "--istio", "--replicas", "3")

    assert result["verdict"]["outcome"] == "BALANCED"


def test_an_istio_in_use_by_others_is_not_removed(mesh: Cluster) -> None:
    other = Cluster("lbdemo-other")
    other("up", "--istio")
    try:
        told = other("clean", "--istio", expect=1).out
    finally:
        run(["kubectl", "delete", "namespace", other.namespace, "--ignore-not-found", "--wait=false"])

    assert mesh.namespace in told
    assert "still use it" in told
    assert "echo-server" in mesh("status").out
