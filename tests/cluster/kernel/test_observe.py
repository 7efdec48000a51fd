"""One look at the cluster: releases by Helm's secrets, Istio wherever it is, and what we may not see."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from fakes import Answer, FakeRun, failure
from worlds import CONFIG, INJECTOR, ISTIOD_SERVICE, converged, deployment, helm_secret, istiod, listed, namespace, pod

from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.observe import (
    REACHED_BY,
    Istio,
    Observed,
    Release,
    forbidden,
    observe,
    observe_istio,
    parse_releases,
    side_by_side,
)
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.errors import InputError, ProgramFailedError
from lbdemo.tools.kubectl import Kubectl
from lbdemo.tools.objects import Deployment, Meta, Objects, Pod

NOTHING = listed([])
FORBIDDEN = failure('Error from server (Forbidden): deployments is forbidden: User "ann" cannot list resource')
NO_ISTIO_KINDS = failure('error: the server doesn\'t have a resource type "destinationrules"')
AWAY = failure("The connection to the server 10.0.0.1:6443 was refused")


def release(status: str = "deployed", revision: int = 1, *, ours: bool = True, name: str = "echo-server") -> Release:
    return Release(name, "lbdemo", status, revision, ours, "d1", "envoy", "round-robin", status == "deployed")


def cluster(
    run: FakeRun, *, secrets: Answer = "", daemons: Answer = "", policies: Answer = "", reached: Answer = ""
) -> FakeRun:
    """The four questions about Istio get these answers."""
    run.on("get", *REACHED_BY, "-n", ISTIO_NAMESPACE, answer=reached)
    run.on("get", "secrets", ISTIO_NAMESPACE, "owner=helm", answer=secrets)
    run.on("get", "deployments", "app=istiod", "-A", answer=daemons)
    kinds = "destinationrules.networking.istio.io,peerauthentications.security.istio.io"
    return run.on("get", kinds, "-n", "lbdemo", labels.SELECTOR, answer=policies)


def here(run: FakeRun, *, there: Meta | None = None, objects: Answer = "") -> FakeRun:
    """The two questions about the namespace get these answers."""
    run.on("get", "namespaces", "lbdemo", answer=listed([there]) if there else "")
    kinds = "deployments,replicasets,pods,services,configmaps,secrets"
    return run.on("get", kinds, "-n", "lbdemo", labels.SELECTOR, answer=objects)


def daemon(name: str, revision: str = "") -> Deployment:
    marks = {"istio.io/rev": revision} if revision else {}
    return replace(deployment(name, 1), meta=Meta("Deployment", ISTIO_NAMESPACE, name, marks))


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


def test_an_empty_cluster_has_nothing() -> None:
    with cluster(here(FakeRun())) as run:
        assert observe(Kubectl(run), "lbdemo", istio=True) == Observed(None, istio=Istio(reachable=False))


def test_istio_is_not_asked_for_unless_it_matters() -> None:
    with here(FakeRun()) as run:
        observe(Kubectl(run), "lbdemo", istio=False)

    assert len(run.calls) == 2


def test_what_up_left_is_found_again() -> None:
    world = converged(CONFIG)
    secrets = [helm_secret(found) for found in world.releases.values()]
    other = Meta("Secret", "lbdemo", "tls", {"name": "not-a-release"})
    everything: list[Meta | Pod | Deployment] = [
        *world.objects.pods,
        *world.objects.deployments,
        *world.objects.others,
        *secrets,
        other,
    ]

    with here(FakeRun(), there=world.namespace, objects=listed(everything)) as run:
        found = observe(Kubectl(run), "lbdemo", istio=False)

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


KEPT = Objects(others=(Meta("ConfigMap", "lbdemo", labels.INVENTORY),))
OTHERS = Objects(others=(Meta("ConfigMap", "lbdemo", "x"), Meta("Secret", "lbdemo", labels.INVENTORY)))


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


# Istio


def test_an_istio_of_ours_is_found_with_its_policies() -> None:
    there = istiod()
    secrets = [helm_secret(found) for found in there.releases.values()]
    rule = Meta("DestinationRule", "lbdemo", "echo-server", {labels.PART_OF: "lbdemo"})

    run = cluster(FakeRun(), secrets=listed(secrets), daemons=listed(there.daemons), policies=listed([rule]))
    with run:
        found = observe_istio(Kubectl(run), "lbdemo")

    assert found.ours
    assert found.releases.keys() == {"istio-base", "istiod"}
    assert found.daemon is not None
    assert found.daemon.complete
    assert (found.policies, found.crds) == ((rule,), True)


@pytest.mark.parametrize(
    ("reached", "reachable"),
    [
        (listed([ISTIOD_SERVICE, INJECTOR]), True),
        (listed([INJECTOR]), False),
        (listed([ISTIOD_SERVICE]), False),
        ("", False),
        (FORBIDDEN, True),
    ],
    ids=["all there", "no Service", "no webhook", "neither", "may not be seen"],
)
def test_an_istio_without_its_service_or_its_webhook_is_not_whole(reached: Answer, reachable: bool) -> None:
    with cluster(FakeRun(), daemons=listed([daemon("istiod")]), reached=reached) as run:
        assert observe_istio(Kubectl(run), "lbdemo").reachable is reachable


def test_an_istio_that_lbdemo_began_and_somebody_else_finished_is_theirs() -> None:
    begun = {"istio-base": istiod().releases["istio-base"]}

    assert Istio(begun).ours
    assert not Istio(begun, (daemon("istiod"),)).ours
    assert Istio(begun, (daemon("istiod"),)).begun
    assert not Istio({**begun, "istiod": istiod(ours=False).releases["istiod"]}, (daemon("istiod"),)).ours


def test_an_istio_of_somebody_else_is_not_ours() -> None:
    assert not istiod(ours=False).ours
    assert not Istio(daemons=(daemon("istiod"),)).ours
    assert Istio({"istio-base": replace(istiod().releases["istio-base"], status="pending-install")}).ours


@pytest.mark.parametrize(
    ("daemons", "serving", "revision"),
    [
        ((), None, ""),
        ((daemon("istiod"),), "istiod", ""),
        ((daemon("istiod", "default"),), "istiod", ""),
        ((daemon("istiod-1-30", "1-30"),), "istiod-1-30", "1-30"),
        ((daemon("istiod-1-30", "1-30"), daemon("istiod-z", "default")), "istiod-z", ""),
        ((daemon("istiod-1-31", "1-31"), daemon("istiod-1-30", "1-30")), "istiod-1-30", "1-30"),
    ],
    ids=["none", "unmarked", "default", "a revision", "default first", "several revisions"],
)
def test_the_default_revisions_istiod_serves_us_if_there_is_one(
    daemons: tuple[Deployment, ...], serving: str | None, revision: str
) -> None:
    istio = Istio(daemons=daemons)

    assert (istio.daemon.meta.name if istio.daemon else None) == serving
    assert istio.revision == revision


def test_a_cluster_that_does_not_know_istios_kinds_has_no_policies() -> None:
    with cluster(FakeRun(), daemons=listed([daemon("istiod")]), policies=NO_ISTIO_KINDS) as run:
        found = observe_istio(Kubectl(run), "lbdemo")

    assert (found.policies, found.crds) == ((), False)
    assert found.daemon is not None


def test_policies_that_cannot_be_read_are_an_error() -> None:
    run = cluster(FakeRun(), policies=AWAY)

    with pytest.raises(ProgramFailedError, match="was refused"):
        observe_istio(Kubectl(run), "lbdemo")


@pytest.mark.parametrize("question", ["secrets", "daemons", "policies"])
def test_who_may_not_look_at_istio_may_still_look_at_the_namespace(question: str) -> None:
    run = here(FakeRun(), there=namespace())
    cluster(run, **{question: FORBIDDEN})

    found = observe(Kubectl(run), "lbdemo", istio=True, lenient=True)

    assert found.istio == Istio(seen=False)
    assert found.namespace is not None


@pytest.mark.parametrize(("problem", "lenient"), [(FORBIDDEN, False), (AWAY, True)], ids=["strict", "server away"])
def test_an_istio_that_could_not_be_looked_at_is_otherwise_an_error(problem: ProgramFailedError, lenient: bool) -> None:
    run = cluster(here(FakeRun()), daemons=problem)

    with pytest.raises(ProgramFailedError):
        observe(Kubectl(run), "lbdemo", istio=True, lenient=lenient)


def test_a_namespace_that_may_not_be_read_is_an_error_however_lenient() -> None:
    run = FakeRun().on("get", "namespaces", answer=FORBIDDEN).on("get", labels.SELECTOR)

    with pytest.raises(ProgramFailedError):
        observe(Kubectl(run), "lbdemo", istio=False, lenient=True)


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
