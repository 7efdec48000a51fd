"""Before the first change: the right cluster, a namespace that is ours to use, the programs that it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from fakes import FakeClock, FakeRun, no_docker, tools
from worlds import CONFIG, converged, helm_secret, listed, namespace

from lbdemo.cluster.image.delivery import Delivery
from lbdemo.cluster.install import preflight
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.observe import Observed, Release
from lbdemo.config import UpConfig
from lbdemo.errors import InputError, MissingProgramError, NotReadyError
from lbdemo.kube.answers import Right, Unseen, UnseenError, Why
from lbdemo.kube.records.cluster import Node
from lbdemo.kube.records.meta import Meta
from lbdemo.tools.kubectl import Context

ADOPT = replace(CONFIG, adopt=True)


# The cluster


@pytest.mark.parametrize(
    ("context", "yes"),
    [
        (Context("kind-a", "https://127.0.0.1:6443"), False),
        (Context("prod", "https://prod.example.com:6443"), True),
    ],
)
def test_a_cluster_on_this_machine_or_one_that_was_confirmed_is_used(context: Context, yes: bool) -> None:
    preflight.check_address(context, yes=yes)


def test_another_cluster_is_refused_by_its_name_and_address() -> None:
    with pytest.raises(InputError, match=r"context prod \(https://prod.example.com:6443\)") as error:
        preflight.check_address(Context("prod", "https://prod.example.com:6443"), yes=False)

    assert "--yes" in error.value.hint


TUNNEL = Context("prod", "https://127.0.0.1:6443")


def node(name: str, address: str, provider: str = "", **marks: str) -> Node:
    labels_ = {key.replace("__", "/").replace("_", "."): value for key, value in marks.items()}
    return Node(Meta("Node", "", name, labels_), (("InternalIP", address),), "amd64", "linux", "v1.34.4", provider,
                unschedulable=False, taints=(), conditions=())  # fmt: skip


@pytest.mark.parametrize(
    "found",
    [
        node("node-1", "127.0.0.1"),
        node("kind-control-plane", "203.0.113.1", "kind://docker/kind/kind-control-plane"),
        node("dev", "203.0.113.1", minikube_k8s_io__name="dev"),
        node("k3d-a-server-0", "203.0.113.1"),
        node("docker-desktop", "203.0.113.1"),
        node("orbstack", "203.0.113.1"),
    ],
    ids=lambda found: found.meta.name,
)
def test_nodes_of_a_cluster_on_this_machine_show_it(found: Node) -> None:
    preflight.check_nodes(TUNNEL, (found,))


def test_a_tunnel_to_another_cluster_has_a_local_address_and_other_nodes() -> None:
    nodes = [node("a", "127.0.0.1"), *(node(name, "203.0.113.1") for name in ("b", "c", "d", "e"))]

    with pytest.raises(InputError, match="nodes that are not on this machine: b, c, d, …") as caught:
        preflight.check_nodes(TUNNEL, nodes)

    assert "--yes" in caught.value.hint


def test_who_may_not_see_nodes_cannot_tell_a_tunnel() -> None:
    forbidden = Unseen("nodes", Why.FORBIDDEN, "", Right("list", "nodes"))

    with pytest.raises(InputError, match="may be a tunnel") as caught:
        preflight.check_nodes(TUNNEL, forbidden)

    assert "--yes" in caught.value.hint


def test_a_cluster_that_does_not_answer_is_no_tunnel_but_away() -> None:
    with pytest.raises(UnseenError, match="cannot see nodes"):
        preflight.check_nodes(TUNNEL, Unseen("nodes", Why.AWAY))


# The namespace


@pytest.mark.parametrize(
    ("there", "config"),
    [
        (None, CONFIG),
        (namespace(), CONFIG),
        (namespace(ours=False), ADOPT),
        (replace(namespace(ours=False), deleting=True), CONFIG),
    ],
    ids=["absent", "ours", "to be adopted", "nearly gone"],
)
def test_a_namespace_that_is_ours_to_use(there: Meta | None, config: UpConfig) -> None:
    preflight.check_namespace(config, Observed(there))


def test_a_namespace_of_somebody_else_is_refused_even_with_our_releases_in_it() -> None:
    with pytest.raises(InputError, match="namespace lbdemo exists, and lbdemo did not make it") as error:
        preflight.check_namespace(CONFIG, replace(converged(), namespace=namespace(ours=False)))

    assert "--adopt" in error.value.hint


def test_a_new_namespace_is_known_as_ours() -> None:
    document = preflight.namespace_document("n1")

    made = Meta(document["kind"], "", document["metadata"]["name"], document["metadata"]["labels"])
    assert (made.kind, made.name, Observed(made).namespace_ours) == ("Namespace", "n1", True)
    assert made.labels[labels.PART_OF] == "lbdemo"


# Helm releases of somebody else


def taken(*releases: tuple[str, bool]) -> FakeRun:
    secrets = [helm_secret(Release(name, "lbdemo", "deployed", 1, ours)) for name, ours in releases]
    run = FakeRun().on("kubectl get secrets -n lbdemo -l owner=helm", answer=listed(secrets))
    return run.on("kubectl get configmaps -n lbdemo -l owner=helm", answer=listed([]))


def test_a_release_of_our_name_that_is_not_ours_is_refused() -> None:
    adopted = Observed(namespace(ours=False))
    run = taken(("zzz", False), ("echo-server", False), ("echo-client", True))

    with run, pytest.raises(InputError, match="has a Helm release echo-server that is not lbdemo's"):
        preflight.check_foreign_releases(tools(run), ADOPT, adopted, ["echo-server", "echo-client"])


def test_our_own_releases_and_other_names_are_no_obstacle() -> None:
    with taken(("echo-server", True), ("shop", False)) as run:
        preflight.check_foreign_releases(tools(run), ADOPT, Observed(namespace(ours=False)), ["echo-server"])


@pytest.mark.parametrize("there", [None, namespace()], ids=["absent", "ours"])
def test_a_namespace_that_is_ours_or_new_needs_no_look(there: Meta | None) -> None:
    with FakeRun() as run:
        preflight.check_foreign_releases(tools(run), CONFIG, Observed(there), ["echo-server"])


# Helm and Docker before the first change


def ready(helm: str = "v3.18.0") -> FakeRun:
    return FakeRun().on("helm version --short", answer=helm)


def checked(run: FakeRun, docker: Callable[[], Any] = no_docker, delivery: Delivery | None = None) -> None:
    means = replace(tools(run), docker=docker)
    with preflight.asked(means) as answers:
        pass
    answers.check(means, delivery)


def test_with_helm_it_may_begin_without_docker() -> None:
    with ready() as run:
        checked(run)


def test_a_helm_that_is_too_old_is_told() -> None:
    with pytest.raises(MissingProgramError, match=r"helm 3\.9 is too old"):
        checked(ready("v3.9.0"))


def test_docker_is_asked_when_an_image_is_to_be_built() -> None:
    def away() -> Any:
        raise MissingProgramError("Docker does not answer")

    with pytest.raises(MissingProgramError, match="Docker does not answer"):
        checked(ready(), away, Delivery("registry", "localhost:5000"))


@pytest.mark.parametrize("how", ["kind", "minikube", "k3d"])
def test_a_clusters_own_loader_must_be_there_before_anything_is_made(how: str) -> None:
    run = ready()
    run.missing.add(how)

    with pytest.raises(MissingProgramError, match=f"{how} is not installed"):
        checked(run, lambda: None, Delivery(how, "x"))


# A namespace that is on its way out


def state(*, deleting: bool = True, conditions: Sequence[dict[str, str]] = ()) -> dict[str, Any]:
    ending = {"deletionTimestamp": "2026-01-02T03:04:05Z"} if deleting else {}
    return {"kind": "Namespace", "metadata": {"name": "n1", **ending}, "status": {"conditions": list(conditions)}}


LOOK = "kubectl get namespaces n1"
HELD = {"type": "NamespaceContentRemaining", "status": "True", "message": "Some resources are remaining: pods has 1"}
FINE = {"type": "NamespaceDeletionDiscoveryFailure", "status": "False", "message": "All resources discovered"}
MUTE = {"type": "NamespaceFinalizersRemaining", "status": "True"}


@pytest.mark.parametrize("there", ["", state(deleting=False)], ids=["absent", "alive"])
def test_a_namespace_that_is_not_terminating_is_not_waited_for(there: str | dict[str, Any]) -> None:
    said: list[str] = []

    with FakeRun().on(LOOK, answer=there) as run:
        preflight.await_termination(tools(run), "n1", 60, said.append)

    assert said == []


def test_a_terminating_namespace_is_waited_for_with_its_own_reasons() -> None:
    said: list[str] = []
    run = FakeRun().on(LOOK, answer=state()).on(LOOK, answer=state(conditions=(FINE, HELD, MUTE)))

    with run.on(LOOK):
        preflight.await_termination(tools(run), "n1", 60, said.append)

    assert said == [
        "namespace n1 is terminating: its objects are being deleted; waiting",
        "namespace n1 is terminating: Some resources are remaining: pods has 1; waiting",
    ]


def test_a_namespace_that_stays_terminating_is_an_error_with_its_reasons() -> None:
    run = FakeRun().on(LOOK, answer=state(conditions=(HELD, FINE)), always=True)

    with pytest.raises(NotReadyError, match="namespace n1 is still terminating after 60 s") as error:
        preflight.await_termination(tools(run, FakeClock(step=25)), "n1", 60, lambda _: None)

    assert error.value.last_state == "Some resources are remaining: pods has 1"
    assert "--namespace" in error.value.hint
    assert len(run.calls) == 3, "the last look is the first one after the time is over"
