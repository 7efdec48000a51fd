"""A namespace of ours is deleted when all that is in it was seen and is ours; what holds it is told at once."""

from __future__ import annotations

from typing import Any

import pytest
from clean_objects import document, names, space
from fake_api import FakeApi
from fakes import FakeClock, FakeRun, tools

from lbdemo.cluster.cleanup.namespaces import STUCK, DeleteNamespace, await_gone
from lbdemo.errors import NotReadyError

DISCOVERY = {
    "type": "NamespaceDeletionDiscoveryFailure", "status": "True", "reason": "DiscoveryFailed",
    "message": "Discovery failed for some groups, 1 failing: metrics.example.com/v1: stale",
}  # fmt: skip
STEP = DeleteNamespace("ns", "uid-ns", 60)


def quiet(_: str) -> None:
    """Nobody listens."""


def deleted(fake: FakeApi) -> tuple[str, bool]:
    """What the step notes, and whether the namespace is gone."""
    note = STEP.run(tools(FakeRun(), api=fake.api()), quiet)
    return note, "ns" not in names(fake, "namespaces")


def ending(*conditions: dict[str, Any]) -> dict[str, Any]:
    there = space(status={"conditions": list(conditions)})
    there["metadata"]["deletionTimestamp"] = "2026-01-02T03:04:06Z"
    return there


def test_our_namespace_goes_with_what_kubernetes_put_there() -> None:
    with FakeApi().add(space(), document("ConfigMap", "kube-root-ca.crt", "ns")) as fake:
        assert deleted(fake) == ("", True)


def test_a_namespace_that_others_use_is_kept_with_its_inventory() -> None:
    theirs, kept = document("ConfigMap", "theirs", "ns"), document("ConfigMap", "lbdemo-inventory", "ns")
    with FakeApi().add(space(), theirs, kept) as fake:
        note, gone = deleted(fake)

    assert note == "kept: it holds ConfigMap ns/theirs, which lbdemo did not make"
    assert not gone
    assert "lbdemo-inventory" in names(fake, "configmaps"), "the next clean goes by it"


def test_what_may_not_be_listed_may_be_there() -> None:
    with FakeApi().add(space()).forbid("list", "secrets") as fake:
        note, gone = deleted(fake)

    assert "kubectl auth can-i list secrets -n ns" in note
    assert not gone


def test_a_dead_api_keeps_the_namespace_which_could_not_end_anyway() -> None:
    with FakeApi(dead={"metrics.example.com/v1"}).add(space()) as fake:
        note, gone = deleted(fake)

    assert "metrics.example.com/v1" in note
    assert not gone


def test_another_namespace_that_has_taken_the_name_stays() -> None:
    with FakeApi().add(space(uid="another")) as fake:
        assert deleted(fake) == ("it is gone already", False)


def test_what_holds_a_namespace_is_told_at_once() -> None:
    said: list[str] = []
    with FakeApi().add(ending(DISCOVERY)) as fake, pytest.raises(NotReadyError) as error:
        await_gone(tools(FakeRun(), FakeClock(step=STUCK / 3), fake.api()), "ns", 600, said.append)

    assert said[0] == f"it is held by: DiscoveryFailed: {DISCOVERY['message']}"
    assert "metrics.example.com/v1" in error.value.last_state
    assert len(said) < 5, "it is not waited for to the end"


def test_pods_that_end_slowly_are_waited_for_to_the_end() -> None:
    pods = {"type": "NamespaceContentRemaining", "status": "True", "reason": "SomeResourcesRemain", "message": "pods"}
    said: list[str] = []
    with FakeApi().add(ending(pods)) as fake, pytest.raises(NotReadyError, match="still there after 6"):
        await_gone(tools(FakeRun(), FakeClock(step=10), fake.api()), "ns", 60, said.append)

    assert set(said) == {"waiting for its pods to end"}


def test_a_namespace_that_is_gone_or_made_anew_needs_no_waiting() -> None:
    with FakeApi().add(space("other")) as fake:
        await_gone(tools(FakeRun(), api=fake.api()), "ns", 60, quiet)
        fake.add(space())
        await_gone(tools(FakeRun(), api=fake.api()), "ns", 60, quiet)
