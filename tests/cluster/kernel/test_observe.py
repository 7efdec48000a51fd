"""One look at a namespace: Helm's releases by their secrets, and what is ours."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from fakes import Answer, FakeRun, failure
from worlds import CONFIG, Record, converged, deployment, helm_secret, listed, namespace, pod

from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.objects import Given, Objects
from lbdemo.cluster.kernel.observe import (
    Observed,
    Release,
    forbidden,
    observe_namespace,
    parse_releases,
    side_by_side,
)
from lbdemo.errors import InputError, ProgramFailedError
from lbdemo.kube.records.meta import Meta
from lbdemo.tools.kubectl import Kubectl

NOTHING = listed([])
FORBIDDEN = failure('Error from server (Forbidden): deployments is forbidden: User "ann" cannot list resource')
NO_ISTIO_KINDS = failure('error: the server doesn\'t have a resource type "destinationrules"')
AWAY = failure("The connection to the server 10.0.0.1:6443 was refused")


def release(status: str = "deployed", revision: int = 1, *, ours: bool = True, name: str = "echo-server") -> Release:
    return Release(name, "lbdemo", status, revision, ours, "d1", "envoy", "round-robin", status == "deployed")


def here(run: FakeRun, *, there: Meta | None = None, objects: Answer = "") -> FakeRun:
    """The two questions about the namespace get these answers."""
    run.on("get", "namespaces", "lbdemo", answer=listed([there]) if there else "")
    kinds = "deployments,replicasets,pods,services,configmaps,secrets"
    return run.on("get", kinds, "-n", "lbdemo", labels.SELECTOR, answer=objects)


# Helm's releases


def test_a_releases_labels_tell_what_it_was_made_from() -> None:
    wanted = Release("echo-server", "lbdemo", "deployed", 3, True, "d1", "envoy", "round-robin", has_deployed=True)

    assert parse_releases([helm_secret(wanted)]) == {"echo-server": wanted}


def test_a_release_without_our_label_is_not_ours() -> None:
    assert not parse_releases([helm_secret(release(ours=False))])["echo-server"].ours


def test_the_newest_revision_is_the_one_with_the_highest_number() -> None:
    found = parse_releases([helm_secret(release("deployed", 10)), helm_secret(release("superseded", 9))])

    assert (found["echo-server"].revision, found["echo-server"].status) == (10, "deployed")


def test_releases_are_told_apart_by_name() -> None:
    found = parse_releases([helm_secret(release(name="echo-client")), helm_secret(release())])

    assert set(found) == {"echo-client", "echo-server"}


@pytest.mark.parametrize(
    ("history", "once"),
    [
        (("deployed",), True),
        (("superseded", "deployed"), True),
        (("deployed", "pending-upgrade"), True),
        (("superseded", "failed", "pending-rollback"), True),
        (("pending-install",), False),
        (("failed", "pending-upgrade"), False),
    ],
)
def test_there_is_something_to_go_back_to_when_a_revision_was_once_deployed(
    history: tuple[str, ...], once: bool
) -> None:
    secrets = [helm_secret(release(status, number + 1)) for number, status in enumerate(history)]

    found = parse_releases(secrets)["echo-server"]

    assert (found.status, found.has_deployed) == (history[-1], once)


def test_a_secret_that_says_little_is_still_a_release() -> None:
    bare = Meta("Secret", "lbdemo", "x", {"name": "echo-server"})

    assert parse_releases([bare]) == {"echo-server": Release("echo-server", "lbdemo", "unknown", 0, ours=False)}


# The namespace


def test_what_up_left_is_found_again() -> None:
    world = converged(CONFIG)
    secrets = [helm_secret(found) for found in world.releases.values()]
    other = Meta("Secret", "lbdemo", "tls", {"name": "not-a-release"})
    everything: list[Record] = [
        *world.objects.pods,
        *world.objects.deployments,
        *world.objects.others,
        *world.objects.replica_sets,
        *secrets,
        other,
    ]

    with here(FakeRun(), there=world.namespace, objects=listed(everything)) as run:
        found = observe_namespace(Kubectl(run), "lbdemo")

    assert found.namespace_ours
    assert found.releases == {name: replace(r, policy="") for name, r in world.releases.items()}, (
        "only Helm's own secrets are releases"
    )
    assert found.objects.pods == world.objects.pods
    assert found.objects.newest_hashes() == {"abc"}
    assert found.deployment("echo-client") is not None
    assert found.deployment("echo-clien") is None


@pytest.mark.parametrize(
    ("there", "ours"), [(None, False), (namespace(), True), (namespace(ours=False), False)], ids=["none", "ours", "not"]
)
def test_a_namespace_is_ours_by_its_label(there: Meta | None, ours: bool) -> None:
    assert Observed(there).namespace_ours is ours


def test_a_releases_pods_are_those_that_neither_end_nor_are_over() -> None:
    going = pod("going", "echo-server")
    going = replace(going, meta=replace(going.meta, deleting=True))
    evicted = replace(pod("evicted", "echo-server"), phase="Failed")
    pods = (pod("stays", "echo-server"), going, evicted, pod("client", "echo-client"))

    found = Observed(None, Objects(pods=pods)).pods("echo-server")

    assert [p.name for p in found] == ["stays"]


KEPT = Objects(others=(Given("ConfigMap", "lbdemo", labels.INVENTORY),))
OTHERS = Objects(others=(Given("ConfigMap", "lbdemo", "x"), Given("Secret", "lbdemo", labels.INVENTORY)))


@pytest.mark.parametrize(
    ("world", "has"),
    [
        (Observed(namespace(), KEPT), True),
        (Observed(namespace(ours=False), KEPT), True),
        (Observed(namespace(), OTHERS), False),
        (Observed(replace(namespace(), deleting=True), KEPT), False),
        (Observed(None, KEPT), False),
    ],
    ids=["kept", "adopted", "others", "terminating", "gone"],
)
def test_an_inventory_counts_where_the_namespace_stays(world: Observed, has: bool) -> None:
    assert world.has_inventory is has


def test_a_namespace_that_may_not_be_read_is_an_error() -> None:
    run = FakeRun().on("get", "namespaces", answer=FORBIDDEN).on("get", labels.SELECTOR)

    with pytest.raises(ProgramFailedError):
        observe_namespace(Kubectl(run), "lbdemo")


NO_SECRETS = failure('Error from server (Forbidden): secrets is forbidden: User "ann" cannot list resource "secrets"')


def without_secrets() -> FakeRun:
    """A user with the ClusterRole `view`, in a namespace where `up` has noted on a deployment what is installed."""
    marks = {labels.PART_OF: "lbdemo", labels.RELEASE: "echo-server", labels.STRATEGY: "envoy", labels.POLICY: "x"}
    noted = replace(deployment("echo-server", 2), meta=Meta("Deployment", "lbdemo", "echo-server", marks))
    run = here(FakeRun(), there=namespace(), objects=NO_SECRETS)
    return run.on("get", "deployments,replicasets,pods,services,configmaps", answer=listed([noted]))


def test_who_may_not_see_secrets_knows_the_releases_by_what_up_has_noted() -> None:
    with without_secrets() as run:
        found = observe_namespace(Kubectl(run), "lbdemo", lenient=True)

    release = found.releases["echo-server"]
    assert (release.strategy, release.policy, release.status) == ("envoy", "x", "unknown")
    assert [str(item.right) for item in found.unseen] == ["list secrets in namespace lbdemo"]


def test_who_changes_something_must_see_the_releases() -> None:
    run = here(FakeRun(), there=namespace(), objects=NO_SECRETS)

    with pytest.raises(ProgramFailedError, match="secrets is forbidden"):
        observe_namespace(Kubectl(run), "lbdemo")


def test_only_the_api_servers_refusal_counts_as_forbidden() -> None:
    assert forbidden(FORBIDDEN)
    assert not forbidden(failure("403 Forbidden by the proxy"))
    assert not forbidden(AWAY)


# Side by side


def test_answers_come_in_the_order_of_the_questions() -> None:
    assert side_by_side(lambda: 1, lambda: "two", lambda: None) == [1, "two", None]


def test_questions_do_not_wait_for_each_other() -> None:
    meeting = threading.Barrier(2)

    assert sorted(side_by_side(lambda: meeting.wait(5), lambda: meeting.wait(5))) == [0, 1]


def test_the_first_questions_error_is_raised() -> None:
    def fail(message: str) -> None:
        raise InputError(message)

    with pytest.raises(InputError, match="second"):
        side_by_side(lambda: 1, lambda: fail("second"), lambda: fail("third"))
