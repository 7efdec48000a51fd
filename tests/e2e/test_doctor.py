"""`doctor` on a real cluster: a healthy one, a user who may nearly nothing, policies, dead webhooks and APIs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.cluster import Cluster, eventually, kubectl, lbdemo_argv, run
from e2e.users import User

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(200)]
NAME = "lbdemo-doctor"
MOST = 5.0  # seconds that all checks may take together, and Python's own start


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    made = Cluster(NAME)
    kubectl("create", "namespace", NAME)
    try:
        yield made
    finally:
        run(["kubectl", "delete", "namespace", NAME, "--ignore-not-found"])


def checks(record: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in record["checks"]}


def applied(cluster: Cluster, document: dict[str, Any]) -> None:
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(document))


@pytest.mark.parametrize("command", ["up", "diagnose", "compare"])
def test_a_healthy_cluster_is_fit_and_said_so_in_time(cluster: Cluster, command: str) -> None:
    done = cluster("doctor", "--for", command, "-o", "json")

    assert done.seconds < MOST
    assert done.json["fit"]
    assert [name for name, check in checks(done.json).items() if check["status"] == "skipped"] == []


def test_for_diagnose_it_looks_where_diagnose_would() -> None:
    record = run(["lbdemo", "doctor", "--for", "diagnose", "-o", "json"]).json

    assert (record["namespace"], record["fit"]) == ("default", True)


def test_an_exec_is_tried_on_some_pod(cluster: Cluster) -> None:
    exec_ = checks(cluster("doctor", "--for", "diagnose", "-o", "json").json)["exec"]

    assert (exec_["status"], "came through" in exec_["seen"]) == ("ok", True)


def test_who_may_only_get_services_is_told_all_rights_that_are_missing(cluster: Cluster, tmp_path: Path) -> None:
    role = "lbdemo-doctor-services"
    kubectl("create", "clusterrole", role, "--verb=get", "--resource=services")
    try:
        user = User(cluster, role, tmp_path)
        for command in ("up", "verify", "diagnose", "compare"):
            done = run(lbdemo_argv(NAME, "doctor", "--for", command, "-o", "json"), environment=user.environment)
            found = checks(done.json)

            assert (done.code, "Traceback" in done.err) == (1, False)
            assert found["rights"]["status"] == "failed"
            skipped = {name: check for name, check in found.items() if check["status"] == "skipped"}
            assert "webhooks" in skipped
            assert all("auth can-i" in check["mend"] for check in skipped.values()), skipped
            assert found["login"]["seen"].endswith(f"system:serviceaccount:{NAME}:{user.name}")
    finally:
        run(["kubectl", "delete", "clusterrole", role, "--ignore-not-found"])


def webhook() -> dict[str, Any]:
    """It is asked about pods of our own namespace only."""
    only = {"matchLabels": {"kubernetes.io/metadata.name": NAME}}
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}
    entry = {
        "name": "gate.lbdemo-doctor.example.com", "failurePolicy": "Fail", "namespaceSelector": only, "rules": [rule],
        "sideEffects": "None", "admissionReviewVersions": ["v1"], "timeoutSeconds": 1,
        "clientConfig": {"service": {"namespace": NAME, "name": "gate"}},
    }  # fmt: skip
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}
    return {**kind, "metadata": {"name": NAME}, "webhooks": [entry]}


def test_a_webhook_without_a_server_is_named_and_stops_up_before_its_first_change(cluster: Cluster) -> None:
    applied(cluster, webhook())
    try:
        found = checks(cluster("doctor", "-o", "json", expect=1).json)["webhooks"]
        refused = cluster("up", "--adopt", "--strategy", "clusterip", expect=5)

        assert found["status"] == "failed"
        assert f"Service {NAME}/gate, which is not there" in found["seen"]
        assert f"Service {NAME}/gate, which is not there" in refused.err
        assert cluster.kubectl("get", "deployments,leases", "-o", "name") == ""
    finally:
        kubectl("delete", "validatingwebhookconfiguration", NAME, "--ignore-not-found")
    assert checks(cluster("doctor", "-o", "json").json)["webhooks"]["status"] == "ok"


def test_a_dead_api_is_named(cluster: Cluster) -> None:
    service = {"namespace": NAME, "name": "gate"}
    spec = {"group": "doctor.lbdemo.example.com", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 10,
            "insecureSkipTLSVerify": True, "service": service}  # fmt: skip
    name = "v1.doctor.lbdemo.example.com"
    kind = {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService"}
    applied(cluster, {**kind, "metadata": {"name": name}, "spec": spec})

    def told() -> dict[str, Any]:
        return checks(cluster("doctor", "--for", "diagnose", "-o", "json").json)["aggregated APIs"]

    try:
        eventually(lambda: told()["status"] == "warning", 20)
        assert f"kubectl delete apiservice {name}" in told()["mend"]
    finally:
        kubectl("delete", "apiservice", name, "--ignore-not-found")
    eventually(lambda: told()["status"] == "ok", 20)


def test_a_quota_that_refuses_our_pods_is_named(cluster: Cluster) -> None:
    cluster.kubectl("create", "quota", "team", "--hard=limits.cpu=4")
    try:
        found = checks(cluster("doctor", "-o", "json", expect=1).json)["quotas"]
        assert (found["status"], "limits.cpu" in found["seen"]) == ("failed", True)
        applied(cluster, {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "small"},
                          "spec": {"limits": [{"type": "Container", "default": {"cpu": "1"}}]}})  # fmt: skip
        assert checks(cluster("doctor", "-o", "json").json)["quotas"]["status"] == "ok"
    finally:
        cluster.kubectl("delete", "resourcequota/team", "limitrange/small", "--ignore-not-found")


def test_pod_security_that_refuses_sidecars_is_named_and_no_other_strategy_is_troubled(cluster: Cluster) -> None:
    mark = "pod-security.kubernetes.io/enforce"
    kubectl("label", "namespace", NAME, f"{mark}=restricted")
    try:
        found = checks(cluster("doctor", "--strategy", "istio", "-o", "json", expect=1).json)["pod security"]
        other = checks(cluster("doctor", "--strategy", "headless", "-o", "json").json)["pod security"]
    finally:
        kubectl("label", "namespace", NAME, f"{mark}-")

    assert (found["status"], other["status"]) == ("failed", "ok")
    assert "enforces restricted" in found["seen"]
