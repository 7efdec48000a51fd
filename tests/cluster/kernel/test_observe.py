"""One look at a namespace: Helm's releases by their secrets, and what is ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fake_api import FakeApi
from worlds import CONFIG, converged, deployment, documents, helm_secret, listed, namespace, pod

from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.objects import Given, Objects
from lbdemo.cluster.kernel.observe import (
    Observed,
    Release,
    observe_namespace,
    parse_releases,
)
from lbdemo.kube.answers import UnseenError
from lbdemo.kube.records.meta import Meta


def release(status: str = "deployed", revision: int = 1, *, ours: bool = True, name: str = "echo-server") -> Release:
    return Release(name, "lbdemo", status, revision, ours, "d1", "envoy", "round-robin", status == "deployed")


# Helm's releases


def test_a_releases_labels_tell_what_it_was_made_from() -> None:
    wanted = Release("echo-server", "lbdemo", "deployed", 3, True, "d1", "envoy", "round-robin", has_deployed=True)

    assert parse_releases([helm_secret(wanted)]) == {"echo-server": wanted}


def test_a_release_without_our_label_is_not_ours() -> None:
    assert not parse_releases([helm_secret(release(ours=False))])["echo-server"].ours


def test_a_release_that_somebody_labelled_like_us_is_not_ours_without_the_digest() -> None:
    """The chart's label may be given to any release; the digest only `up` gives to Helm."""
    labelled = helm_secret(release(), **{labels.DIGEST: ""})

    assert not parse_releases([labelled])["echo-server"].ours
    with FakeApi().add(*listed([namespace(ours=False), labelled])["items"]) as server:
        assert observe_namespace(server.api(), "lbdemo").releases == {}


def test_what_another_release_of_our_chart_has_is_not_looked_at() -> None:
    foreign = deployment("demo", 1), pod("demo-abc-1", "demo")

    with FakeApi().add(*listed([namespace(ours=False), *foreign], "lbdemo")["items"]) as server:
        objects = observe_namespace(server.api(), "lbdemo").objects

    assert (objects.deployments, objects.pods) == ((), ())


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


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        yield fake


def test_what_up_left_is_found_again(server: FakeApi) -> None:
    world = converged(CONFIG)
    other = Meta("Secret", "lbdemo", "tls", {"name": "not-a-release", labels.PART_OF: "lbdemo"})
    server.add(*documents(world), *listed([namespace(), other])["items"])

    found = observe_namespace(server.api(), "lbdemo")

    assert found.namespace_ours
    assert found.releases == {name: replace(r, policy="") for name, r in world.releases.items()}, (
        "only Helm's own secrets are releases"
    )
    assert {pod.name for pod in found.objects.pods} == {pod.name for pod in world.objects.pods}
    assert found.objects.newest_hashes() == {"abc"}
    assert all(given.as_applied for given in found.objects.others)
    assert found.deployment("echo-client") is not None
    assert found.deployment("echo-clien") is None


def test_what_is_not_ours_is_not_even_asked_for(server: FakeApi) -> None:
    big = {"kind": "ConfigMap", "metadata": {"name": "big", "namespace": "lbdemo"}, "data": {"x": "y" * 100_000}}
    secret = {**documents(converged())[-1], "data": {"release": "z" * 100_000}}
    server.add(big, secret, *listed([namespace()])["items"])

    found = observe_namespace(server.api(), "lbdemo")

    assert found.releases, "Helm's secrets are read by their labels"
    assert server.sent < 10_000


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


@pytest.mark.parametrize("resource", ["namespaces", "pods", "deployments.apps", "secrets", "configmaps"])
def test_who_changes_something_must_see_all_of_it(server: FakeApi, resource: str) -> None:
    server.forbid("*", resource)

    with pytest.raises(UnseenError, match=f"{resource}.*forbidden"):
        observe_namespace(server.api(), "lbdemo")


def test_who_may_not_see_secrets_knows_the_releases_by_what_up_has_noted(server: FakeApi) -> None:
    """A user with the ClusterRole `view`, in a namespace where `up` has noted on a deployment what is installed."""
    marks = {labels.PART_OF: "lbdemo", labels.RELEASE: "echo-server", labels.STRATEGY: "envoy", labels.POLICY: "x"}
    noted = replace(deployment("echo-server", 2), meta=Meta("Deployment", "lbdemo", "echo-server", marks))
    server.add(*listed([namespace(), noted])["items"]).forbid("list", "secrets")

    found = observe_namespace(server.api(), "lbdemo", lenient=True)

    release = found.releases["echo-server"]
    assert (release.strategy, release.policy, release.status) == ("envoy", "x", "unknown")
    assert [str(item.right) for item in found.unseen] == ["list secrets in namespace lbdemo"]


def test_who_can_see_nothing_is_told_so_and_shown_nothing(server: FakeApi) -> None:
    server.proxy_says("dial tcp 10.0.0.1:6443: connect: connection refused")

    with pytest.raises(UnseenError, match="does not answer"):
        observe_namespace(server.api(), "lbdemo", lenient=True)


# Side by side
