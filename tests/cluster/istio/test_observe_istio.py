"""Istio wherever it is, whose it is, and what we may not see of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import Answer, FakeRun, failure
from worlds import INJECTOR, ISTIOD_SERVICE, deployment, helm_secret, istiod, listed, namespace

from lbdemo.cluster.istio.observe import REACHED_BY, Istio, ObservedWithIstio, observe, observe_istio
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.objects import Given
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.errors import ProgramFailedError
from lbdemo.kube.records.meta import Meta
from lbdemo.kube.records.workloads import Deployment
from lbdemo.tools.kubectl import Kubectl

NOTHING = listed([])
FORBIDDEN = failure('Error from server (Forbidden): deployments is forbidden: User "ann" cannot list resource')
NO_ISTIO_KINDS = failure('error: the server doesn\'t have a resource type "destinationrules"')
AWAY = failure("The connection to the server 10.0.0.1:6443 was refused")


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


def test_an_empty_cluster_has_nothing() -> None:
    with cluster(here(FakeRun())) as run:
        assert observe(Kubectl(run), "lbdemo", istio=True) == ObservedWithIstio(None, istio=Istio(reachable=False))


def test_istio_is_not_asked_for_unless_it_matters() -> None:
    with here(FakeRun()) as run:
        observe(Kubectl(run), "lbdemo", istio=False)

    assert len(run.calls) == 2


def test_an_istio_of_ours_is_found_with_its_policies() -> None:
    there = istiod()
    secrets = [helm_secret(found) for found in there.releases.values()]
    rule = Given("DestinationRule", "lbdemo", "echo-server", {labels.PART_OF: "lbdemo"})

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
