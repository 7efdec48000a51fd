"""The steps that take our releases away: named objects with their uids, and no others."""

from __future__ import annotations

import pytest
from clean_objects import document, found, names, space
from fake_api import FakeApi
from fakes import FakeClock, FakeRun, failure, tools

from lbdemo.cluster.cleanup.proof import Removal
from lbdemo.cluster.cleanup.removal import EmptyNamespace, UninstallRelease, command, delete
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.errors import NotReadyError, ProgramFailedError

SOME = 60.0
SERVICE = Removal(found("Service", "echo-server", "ns", release="echo-server", uid="uid-ours"), "held by it")
THEIRS = document("Service", "theirs", "ns", marks={"app.kubernetes.io/part-of": "lbdemo"})
OURS = document("Service", "echo-server", "ns", uid="uid-ours")


def quiet(_: str) -> None:
    """Nobody listens."""


def uninstall(release: str, namespace: str) -> str:
    return f"helm uninstall {release} --ignore-not-found --wait --timeout 60s -n {namespace}"


def helm(problem: ProgramFailedError | str = "", release: str = "echo-server", namespace: str = "ns") -> FakeRun:
    return FakeRun().on("helm version --short", answer="v3.17.2").on(uninstall(release, namespace), answer=problem)


def test_a_release_is_uninstalled_with_all_that_is_in_it() -> None:
    with helm() as run:
        assert UninstallRelease("echo-server", "ns", SOME).run(tools(run), quiet) == ""


@pytest.mark.parametrize("said", ["failed to delete release: echo-server", "unable to build kubernetes objects for"])
def test_a_release_whose_kinds_are_gone_is_forgotten_and_what_it_held_deleted(said: str) -> None:
    secret = document(
        "Secret", "sh.helm.release.v1.echo-server.v1", "ns", marks={"owner": "helm", "name": "echo-server"}
    )
    problem = failure(f"Error: {said}", "helm", "uninstall", "echo-server")
    with FakeApi().add(space(), OURS, THEIRS, secret) as fake, helm(problem) as run:
        note = UninstallRelease("echo-server", "ns", SOME, held=(SERVICE,)).run(tools(run, api=fake.api()), quiet)

    assert "kinds" in note
    assert names(fake, "services") == {"theirs"}
    assert names(fake, "secrets") == set()


@pytest.mark.parametrize(
    ("release", "namespace", "said"),
    [("istiod", ISTIO_NAMESPACE, "failed to delete release: istiod"),
     ("echo-server", "ns", "uninstallation completed with 1 error(s)")],
)  # fmt: skip
def test_an_uninstall_that_fails_is_an_error(release: str, namespace: str, said: str) -> None:
    problem = failure(f"Error: {said}", "helm", "uninstall", release)

    with helm(problem, release, namespace) as run, pytest.raises(ProgramFailedError):
        UninstallRelease(release, namespace, SOME).run(tools(run), quiet)


def test_another_object_that_has_taken_the_name_is_not_deleted() -> None:
    with FakeApi().add(document("Service", "echo-server", "ns", uid="uid-of-somebody")) as fake:
        delete(tools(FakeRun(), api=fake.api()), [SERVICE])

    assert names(fake, "services") == {"echo-server"}


def test_a_removal_can_be_pasted_and_says_why() -> None:
    line = command(tools(FakeRun()), SERVICE)

    assert line == "kubectl -n ns delete services/echo-server  # held by it, uid uid-ours"


# A namespace of somebody else


def pod(name: str, replica_set: str) -> dict[str, object]:
    owner = {"kind": "ReplicaSet", "name": "x", "uid": replica_set}
    return document("Pod", name, "ns", marks={"app.kubernetes.io/part-of": "lbdemo"}, owners=[owner])


def test_an_adopted_namespace_stays_without_what_is_ours() -> None:
    said: list[str] = []
    step = EmptyNamespace("ns", SOME, held=(SERVICE,), replica_sets=frozenset({"our-set"}))
    with FakeApi().add(space(ours=False), OURS, THEIRS, pod("ours", "our-set"), pod("theirs", "their-set")) as fake:

        def end(text: str) -> None:
            said.append(text)
            del fake.objects[("pods", "ns", "ours")]

        assert step.run(tools(FakeRun(), api=fake.api()), end) == ""

    assert said == ["waiting for 1 pod to end"]
    assert names(fake, "services") == {"theirs"}
    assert names(fake, "pods") == {"theirs"}
    assert names(fake, "namespaces") == {"ns"}


def test_pods_of_ours_that_do_not_end_are_named() -> None:
    step = EmptyNamespace("ns", SOME, replica_sets=frozenset({"our-set"}))
    late = pytest.raises(NotReadyError, match="pods still there after 60 s: a")
    with FakeApi().add(space(ours=False), pod("a", "our-set")) as fake, late:
        step.run(tools(FakeRun(), FakeClock(step=61), fake.api()), quiet)
