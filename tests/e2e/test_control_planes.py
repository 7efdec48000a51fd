"""Istio as a platform has it: revisions, tags, control planes that are no Deployment here, users with few rights."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from meshes import webhooks

from e2e.cluster import Cluster, inventory, kubectl, new_since, run
from e2e.test_foreign_istio import install_revision, remove_istio
from e2e.users import ROLES, User, made_by_somebody_else

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]
REVISION = "1-31-0"


# First what is of a cluster that does not know Istio's kinds.


@pytest.fixture
def managed() -> Iterator[None]:
    """The webhooks of a control plane outside the cluster; they take no pod of other tests'."""
    document = {"apiVersion": "admissionregistration.k8s.io/v1", **webhooks(url="https://mesh.invalid/inject")}
    rules = [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}]
    more = {"rules": rules, "sideEffects": "None", "admissionReviewVersions": ["v1"], "failurePolicy": "Ignore",
            "timeoutSeconds": 1}  # fmt: skip
    document["webhooks"] = [{**hook, **more} for hook in document["webhooks"]]
    kubectl("apply", "-f", "-", stdin=json.dumps(document))
    yield
    kubectl("delete", "mutatingwebhookconfiguration", document["metadata"]["name"])


@pytest.mark.usefixtures("managed")
def test_a_control_plane_outside_the_cluster_is_never_doubled(cluster: Cluster) -> None:
    said = cluster("up", "--istio", expect=2).err

    assert "behind https://mesh.invalid/inject" in said
    assert "does not know Istio's kinds" in said
    assert run(["kubectl", "get", "namespace", "istio-system"]).code != 0
    assert "revision default, behind https://mesh.invalid/inject (of somebody else)" in cluster("status").out


@pytest.fixture(scope="module")
def revision() -> Iterator[str]:
    """A platform's Istio of one revision with the tag `prod`, and no default one; and the roles."""
    before = inventory()
    kubectl("apply", "-f", str(ROLES))
    try:
        install_revision(REVISION, "prod")
        yield REVISION
    finally:
        kubectl("delete", "-f", str(ROLES))
        remove_istio(f"istiod-{REVISION}")
    assert new_since(before) == []


@pytest.mark.usefixtures("revision")
def test_the_newest_revision_is_named_where_none_is_the_default(cluster: Cluster) -> None:
    cluster("up", "--istio")

    assert (
        json.loads(kubectl("get", "namespace", cluster.namespace, "-o", "json"))["metadata"]["labels"]["istio.io/rev"]
        == REVISION
    )
    assert all(pod["sidecar"] for pod in cluster.pods())
    assert "of somebody else" in cluster("status").out
    assert "nothing left" in cluster("clean", "--istio").out


@pytest.mark.usefixtures("revision")
def test_a_revision_that_is_not_there_is_refused(cluster: Cluster) -> None:
    said = cluster("up", "--istio", "--istio-revision", "nope", expect=2).err

    assert f"there is {REVISION}, prod" in said


@pytest.mark.usefixtures("revision")
def test_who_may_install_in_one_namespace_uses_the_platforms_istio(
    make_cluster: Callable[..., Cluster], tmp_path: Path
) -> None:
    cluster = make_cluster()
    made_by_somebody_else(cluster)
    user = User(cluster, "lbdemo-install-namespace", tmp_path)

    told = user("-v", "up", "--adopt", "--istio", "--istio-revision", "prod").err

    assert "istio-system/secrets" not in told, "the mesh's CA key is among them"
    assert "-n istio-system" not in told
    assert user.outcome() == "BALANCED"
    assert "nothing left" in user("clean").out
