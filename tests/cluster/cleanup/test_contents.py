"""What is in a namespace of ours: what goes with it, and what keeps it."""

from __future__ import annotations

from typing import Any

import pytest
from clean_objects import BIRTH, LATER, SOON, found

from lbdemo.cluster.cleanup.contents import Contents, Household, born_with
from lbdemo.cluster.cleanup.inventory import Inventory, Scope
from lbdemo.cluster.cleanup.items import ClusterObject, ReleaseName
from lbdemo.cluster.cleanup.proof import Proof
from lbdemo.cluster.cleanup.snapshot import Gap, Snapshot
from lbdemo.kube.records.meta import Meta

SPACE = Meta("Namespace", "", "ns", created=BIRTH)
OWNER = {"kind": "ReplicaSet", "name": "x", "uid": "1"}


def contents(*objects: ClusterObject, born: tuple[ClusterObject, ...] = (), gaps: tuple[Gap, ...] = ()) -> Contents:
    proof = Proof(frozenset({ReleaseName("ns", "echo-server")}))
    kept = Inventory(born=frozenset(one.item for one in born))
    return Household(SPACE, proof, kept).contents(Snapshot(objects, gaps, frozenset({"Node", "ClusterThing"})))


@pytest.mark.parametrize(
    "one",
    [found("ConfigMap", "kube-root-ca.crt", "ns"), found("ServiceAccount", "default", "ns"),
     found("ConfigMap", "lbdemo-inventory", "ns"), found("Lease", "lbdemo-lock", "ns"),
     found("Service", "echo-server", "ns", release="echo-server"), found("Pod", "x-1", "ns", owners=[OWNER])],
    ids=lambda one: str(one.item),
)  # fmt: skip
def test_what_kubernetes_and_we_put_there_goes_with_it(one: ClusterObject) -> None:
    assert contents(one).reason == ""


@pytest.mark.parametrize(
    "one",
    [found("ConfigMap", "theirs", "ns"), found("Service", "demo", "ns", release="demo"),
     found("Deployment", "echo-server", "ns", marks={"app.kubernetes.io/part-of": "lbdemo"}),
     found("Secret", "x", "ns", owners=[{"kind": "ClusterThing", "name": "x", "uid": "1"}])],
    ids=lambda one: str(one.item),
)  # fmt: skip
def test_what_others_made_keeps_it_and_is_named(one: ClusterObject) -> None:
    assert contents(one).reason == f"it holds {one.item}, which lbdemo did not make"


def test_what_could_not_be_seen_keeps_it_and_says_which_right_would_settle_it() -> None:
    gap = Gap(Scope("secrets", "ns"), "forbidden", "`kubectl auth can-i list secrets -n ns` asks for it")

    reason = contents(gaps=(gap,)).reason

    assert reason.startswith("it may hold what could not be seen: secrets in namespace ns: forbidden")
    assert "kubectl auth can-i list secrets -n ns" in reason


def test_what_the_cluster_put_there_at_birth_goes_with_it() -> None:
    policy = found("Role", "from-a-policy", "ns", created=SOON)

    assert contents(policy, born=(policy,)).reason == ""
    assert contents(policy).reason != "", "nobody has noted it"


def test_a_record_that_others_could_write_does_not_make_later_objects_part_of_the_birth() -> None:
    theirs = found("Secret", "theirs", "ns", created=LATER)

    assert "Secret ns/theirs" in contents(theirs, born=(theirs,)).reason


def test_only_what_comes_with_the_birth_and_from_others_is_noted() -> None:
    here: dict[str, Any] = {"namespace": "ns", "created": SOON}
    policy = found("Role", "from-a-policy", **here)
    ours = found("Service", "echo-server", release="echo-server", **here)
    secret = found("Secret", "sh.helm.release.v1.echo-server.v1", marks={"owner": "helm"}, **here)
    later = found("ConfigMap", "theirs", "ns", created=LATER)

    assert born_with(Snapshot((policy, ours, secret, later)), SPACE) == [policy]
