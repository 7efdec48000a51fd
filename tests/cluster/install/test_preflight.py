"""Before the first change: the right cluster, a namespace that is ours to use, the rights to do it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from fakes import FakeClock, FakeRun, no_docker, tools
from worlds import CONFIG, converged, helm_secret, listed, namespace

from lbdemo.cluster.image.delivery import Delivery
from lbdemo.cluster.install import preflight
from lbdemo.cluster.install.preflight import NEEDED, NEEDED_FOR_ISTIO, NEW_NAMESPACE, Right
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.observe import Observed, Release
from lbdemo.config import Place, UpConfig
from lbdemo.errors import InputError, MissingProgramError, NotReadyError, OperationFailedError
from lbdemo.kube.records.meta import Meta
from lbdemo.tools.kubectl import Context

ADOPT = replace(CONFIG, adopt=True)
PODS: Right = ("get", "", "pods", "lbdemo")
DEPLOYMENTS: Right = ("create", "apps", "deployments", "lbdemo")
CRDS: Right = ("create", "apiextensions.k8s.io", "customresourcedefinitions", "")


# The cluster


@pytest.mark.parametrize(
    ("context", "yes"),
    [
        (Context("kind-a", "https://127.0.0.1:6443"), False),
        (Context("prod", "https://prod.example.com:6443"), True),
    ],
)
def test_a_cluster_on_this_machine_or_one_that_was_confirmed_is_used(context: Context, yes: bool) -> None:
    preflight.check_context(context, yes=yes)


def test_another_cluster_is_refused_by_its_name_and_address() -> None:
    with pytest.raises(InputError, match=r"context prod \(https://prod.example.com:6443\)") as error:
        preflight.check_context(Context("prod", "https://prod.example.com:6443"), yes=False)

    assert "--yes" in error.value.hint


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
    return FakeRun().on("get", "secrets,configmaps", "-n", "lbdemo", "owner=helm", answer=listed(secrets))


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


# The rights


def reviews(asked: Sequence[Right], missing: Sequence[Right]) -> str:
    return "\n".join(json.dumps({"status": {"allowed": right not in missing}}, indent=1) for right in asked)


ALL: tuple[Right, ...] = (
    *((*right, "lbdemo") for right in NEEDED),
    *((*right, "") for right in NEEDED_FOR_ISTIO),
    NEW_NAMESPACE,
)


def test_up_makes_deployments_services_releases_and_a_lock_and_looks_at_pods() -> None:
    assert {right[:3] for right in ALL if right[3]} == {
        ("create", "apps", "deployments"), ("patch", "apps", "deployments"), ("create", "", "services"),
        ("create", "", "secrets"), ("get", "", "pods"), ("create", "coordination.k8s.io", "leases"),
    }  # fmt: skip


@pytest.mark.parametrize("missing", [(), (PODS,), (DEPLOYMENTS, CRDS)])
def test_all_rights_are_asked_for_in_one_call_and_answers_told_apart(missing: tuple[Right, ...]) -> None:
    with FakeRun().on("create", "-f", "-", answer=reviews(ALL, missing)) as run:
        assert preflight.ask_rights(tools(run), CONFIG) == frozenset(missing)

    asked = [item["spec"]["resourceAttributes"] for item in json.loads(run.stdin[0])["items"]]
    assert [(a["verb"], a["group"], a["resource"], a["namespace"]) for a in asked] == list(ALL)


def test_an_answer_that_does_not_say_so_is_a_no() -> None:
    silent = "\n".join("{}" for _ in ALL)

    with FakeRun().on("create", answer=silent) as run:
        assert preflight.ask_rights(tools(run), CONFIG) == frozenset(ALL)


@pytest.mark.parametrize(
    ("missing", "istio", "new_namespace", "said"),
    [
        ((DEPLOYMENTS,), False, False, "this user may not create deployments.apps in lbdemo"),
        ((PODS, DEPLOYMENTS), False, False,
         "this user may not create deployments.apps in lbdemo, get pods in lbdemo"),
        ((CRDS,), True, False, "this user may not create customresourcedefinitions.apiextensions.k8s.io"),
        ((NEW_NAMESPACE,), False, True, "this user may not create namespaces"),
        ((NEW_NAMESPACE,), True, False, "this user may not create namespaces"),
    ],
)  # fmt: skip
def test_rights_that_are_missing_and_needed_are_named(
    missing: tuple[Right, ...], istio: bool, new_namespace: bool, said: str
) -> None:
    with pytest.raises(OperationFailedError) as error:
        preflight.check_rights(frozenset(missing), CONFIG, istio=istio, new_namespace=new_namespace)

    assert error.value.message == said


def test_the_hint_is_a_command_that_asks_the_same() -> None:
    with pytest.raises(OperationFailedError) as error:
        preflight.check_rights(frozenset({DEPLOYMENTS}), CONFIG, istio=False, new_namespace=False)

    assert "`kubectl auth can-i create deployments -n lbdemo`" in error.value.hint


@pytest.mark.parametrize(
    ("missing", "istio", "new_namespace"),
    [((), True, True), ((CRDS, NEW_NAMESPACE), False, False), ((CRDS,), False, True)],
)
def test_rights_that_the_plan_does_not_need_may_be_missing(
    missing: tuple[Right, ...], istio: bool, new_namespace: bool
) -> None:
    preflight.check_rights(frozenset(missing), CONFIG, istio=istio, new_namespace=new_namespace)


def test_rights_in_another_namespace_do_not_count() -> None:
    elsewhere = replace(CONFIG, place=Place("", "other"))

    preflight.check_rights(frozenset({PODS}), elsewhere, istio=False, new_namespace=False)


# Helm, the rights and Docker before the first change


def ready(helm: str = "v3.18.0", missing: Sequence[Right] = ()) -> FakeRun:
    return FakeRun().on("helm", "version", answer=helm).on("create", answer=reviews(ALL, missing))


def checked(run: FakeRun, docker: Callable[[], Any] = no_docker, delivery: Delivery | None = None) -> None:
    means = replace(tools(run), docker=docker)
    with preflight.asked(means, CONFIG) as answers:
        pass
    answers.check(means, CONFIG, new_namespace=True, istio=False, delivery=delivery)


def test_with_helm_and_the_rights_it_may_begin_without_docker() -> None:
    with ready() as run:
        checked(run)


def test_a_helm_that_is_too_old_is_told() -> None:
    with pytest.raises(MissingProgramError, match=r"helm 3\.9 is too old"):
        checked(ready("v3.9.0"))


def test_missing_rights_are_told() -> None:
    with pytest.raises(OperationFailedError, match="this user may not create namespaces"):
        checked(ready(missing=[NEW_NAMESPACE]))


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


HELD = {"type": "NamespaceContentRemaining", "status": "True", "message": "Some resources are remaining: pods has 1"}
FINE = {"type": "NamespaceDeletionDiscoveryFailure", "status": "False", "message": "All resources discovered"}
MUTE = {"type": "NamespaceFinalizersRemaining", "status": "True"}


@pytest.mark.parametrize("there", ["", state(deleting=False)], ids=["absent", "alive"])
def test_a_namespace_that_is_not_terminating_is_not_waited_for(there: str | dict[str, Any]) -> None:
    said: list[str] = []

    with FakeRun().on("get", "namespaces", "n1", answer=there) as run:
        preflight.await_termination(tools(run), "n1", 60, said.append)

    assert said == []


def test_a_terminating_namespace_is_waited_for_with_its_own_reasons() -> None:
    said: list[str] = []
    run = FakeRun().on("get", "n1", answer=state()).on("get", "n1", answer=state(conditions=(FINE, HELD, MUTE)))

    with run.on("get", "n1"):
        preflight.await_termination(tools(run), "n1", 60, said.append)

    assert said == [
        "namespace n1 is terminating: its objects are being deleted; waiting",
        "namespace n1 is terminating: Some resources are remaining: pods has 1; waiting",
    ]


def test_a_namespace_that_stays_terminating_is_an_error_with_its_reasons() -> None:
    run = FakeRun().on("get", "n1", answer=state(conditions=(HELD, FINE)), always=True)

    with pytest.raises(NotReadyError, match="namespace n1 is still terminating after 60 s") as error:
        preflight.await_termination(tools(run, FakeClock(step=25)), "n1", 60, lambda _: None)

    assert error.value.last_state == "Some resources are remaining: pods has 1"
    assert "--namespace" in error.value.hint
    assert len(run.calls) == 3, "the last look is the first one after the time is over"
