"""`clean --istio`: what is called like Istio's and is somebody's stays, and so does what this user cannot look into."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.cluster import Cluster, inventory, kubectl, new_since, run

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

CNI = "istio-cni"
BLIND = "lbdemo-e2e-blind"  # a user who may do everything but list VirtualServices
GROUP = "networking.istio.io"
RULE = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: theirs}
spec:
  hosts: [example.com]
  http: [{route: [{destination: {host: example.com}}]}]
"""
OTHERS = ("destinationrules", "envoyfilters", "gateways", "proxyconfigs", "serviceentries", "sidecars",
          "workloadentries", "workloadgroups")  # fmt: skip


@pytest.fixture
def foreign_cni() -> Iterator[None]:
    """What an Istio CNI plugin of somebody else consists of, by its names."""
    kubectl("create", "clusterrole", CNI, "--verb=get", "--resource=pods")
    kubectl("create", "clusterrolebinding", CNI, f"--clusterrole={CNI}", f"--serviceaccount=kube-system:{CNI}")
    yield
    kubectl("delete", "clusterrole,clusterrolebinding", CNI)


@pytest.mark.usefixtures("foreign_cni")
def test_a_foreign_istio_cni_stays_also_when_our_istio_was_removed_by_hand(cluster: Cluster) -> None:
    before = inventory()
    cluster("up", "--istio")
    run(["helm", "uninstall", "istiod", "istio-base", "-n", "istio-system", "--wait"])
    kubectl("delete", "namespace", "istio-system")

    told = cluster("clean", "--istio").out

    assert "nothing left" in told
    assert CNI in kubectl("get", "clusterroles,clusterrolebindings", "-o", "name")
    assert new_since(before) == []


@pytest.fixture
def blind(tmp_path: Path) -> Iterator[str]:
    """A kubeconfig that impersonates the user."""
    groups = {line.partition("/")[0] for line in kubectl("api-versions").split() if "/" in line} - {GROUP}
    rules = [
        {"apiGroups": ["", *sorted(groups)], "resources": ["*"], "verbs": ["*"]},
        {"apiGroups": [GROUP], "resources": list(OTHERS), "verbs": ["*"]},
        {"nonResourceURLs": ["*"], "verbs": ["*"]},
    ]
    api = "rbac.authorization.k8s.io/v1"
    role = {"apiVersion": api, "kind": "ClusterRole", "metadata": {"name": BLIND}, "rules": rules}
    kubectl("apply", "-f", "-", stdin=json.dumps(role))
    kubectl("create", "clusterrolebinding", BLIND, f"--clusterrole={BLIND}", f"--user={BLIND}")
    config = json.loads(kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
    config["users"][0]["user"]["as"] = BLIND
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(config))
    yield str(path)
    kubectl("delete", "clusterrole,clusterrolebinding", BLIND)


def test_who_may_not_list_virtual_services_does_not_delete_their_crd(
    cluster: Cluster, request: pytest.FixtureRequest
) -> None:
    cluster("up", "--istio")
    kubeconfig = request.getfixturevalue("blind")
    kubectl("-n", "default", "apply", "-f", "-", stdin=RULE)
    try:
        told = cluster("clean", "--istio", expect=1, KUBECONFIG=kubeconfig).out

        assert f"virtualservices.{GROUP}: whether there are objects of this kind could not be seen" in told
        assert f"auth can-i list virtualservices.{GROUP} -A" in told
        assert "theirs" in kubectl("-n", "default", "get", f"virtualservices.{GROUP}", "-o", "name")
    finally:
        kubectl("delete", "customresourcedefinition", f"virtualservices.{GROUP}")
        kubectl("delete", "namespace", "istio-system")  # kept, since it might have held some
