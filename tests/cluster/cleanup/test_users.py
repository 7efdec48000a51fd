"""Who uses our Istio: pods of others, told from ours by who owns them; what cannot be seen may be there."""

from __future__ import annotations

from typing import Any

from clean_objects import document, found, space
from fake_api import FakeApi

from lbdemo.cluster.cleanup.proof import Removal
from lbdemo.cluster.cleanup.users import IstioUsers, istio_users, replica_sets_of
from lbdemo.cluster.kernel import labels

MESHED = {"security.istio.io/tlsMode": "istio", labels.PART_OF: "lbdemo"}
DEPLOYMENT = Removal(found("Deployment", "echo-server", "ns", uid="our-deployment"), "")


def pod(name: str, namespace: str, owner: str = "") -> dict[str, Any]:
    owners = [{"kind": "ReplicaSet", "name": "x", "uid": owner}] if owner else None
    return document("Pod", name, namespace, marks=MESHED, owners=owners)


def users(fake: FakeApi) -> IstioUsers:
    return istio_users(fake.api(), "ns", [DEPLOYMENT], frozenset({"our-set"}))


def test_our_own_pods_use_it_without_keeping_it() -> None:
    with FakeApi().add(space(), pod("a", "ns", "our-set")) as fake:
        assert users(fake).reason == ""


def test_meshed_pods_of_others_keep_it_also_those_of_our_chart() -> None:
    with FakeApi().add(space(), pod("a", "ns", "their-set")) as fake:
        assert users(fake).reason == "pods in ns still use it"


def test_who_may_not_look_does_not_know_that_nobody_uses_it() -> None:
    with FakeApi().add(space()).forbid("list", "pods") as fake:
        reason = users(fake).reason

    assert reason.startswith("others may use it, and this user cannot see pods")
    assert "kubectl auth can-i list pods" in reason


def test_pods_are_known_by_the_replica_sets_of_our_deployments() -> None:
    def replica_set(name: str, owner: str) -> dict[str, Any]:
        owners = [{"kind": "Deployment", "name": "x", "uid": owner}]
        return document("ReplicaSet", name, "ns", uid=name, marks={labels.PART_OF: "lbdemo"}, owners=owners)

    with FakeApi().add(replica_set("ours", "our-deployment"), replica_set("theirs", "another")) as fake:
        assert replica_sets_of(fake.api(), "ns", [DEPLOYMENT]) == {"ours"}
