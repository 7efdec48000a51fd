"""Istio wherever it is, whose it is, and what could not be seen of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from fake_api import FakeApi
from meshes import webhooks
from worlds import deployment, given, istio_documents, istiod, listed, pod

from lbdemo.cluster.istio.injectors import parse_injectors
from lbdemo.cluster.istio.observe import POLICIES, observe_istio
from lbdemo.cluster.istio.state import Istio
from lbdemo.cluster.kernel import labels
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.kube.answers import UnseenError
from lbdemo.kube.records.meta import Meta
from lbdemo.kube.records.workloads import Deployment

WEBHOOKS = "mutatingwebhookconfigurations.admissionregistration.k8s.io"
SECRETS = f"/namespaces/{ISTIO_NAMESPACE}/secrets"


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        yield fake


def look(server: FakeApi, *, thorough: bool = False) -> Istio:
    return observe_istio(server.api(), "lbdemo", thorough=thorough)


def asked_for_secrets(server: FakeApi) -> bool:
    return any(SECRETS in line for line in server.asked)


def daemon(name: str, revision: str = "default", version: str = "1.31.0") -> Deployment:
    marks = {"istio.io/rev": revision, "app": "istiod"}
    return replace(deployment(name, 1, f"pilot:{version}"), meta=Meta("Deployment", ISTIO_NAMESPACE, name, marks))


def test_an_empty_cluster_has_no_istio(server: FakeApi) -> None:
    found = look(server)

    assert (found.plane, found.to_install, found.reachable) == (None, True, False)


def test_our_policies_are_asked_for_side_by_side(server: FakeApi) -> None:
    together = threading.Barrier(len(POLICIES))

    def act(handler: Any) -> None:
        together.wait(10)  # breaks where one is asked for after another
        handler.forbidden()

    for kind in POLICIES:
        server._fail("list", kind.resource, "", act)

    assert look(server).policies == ()
    assert not together.broken


def test_an_istio_of_ours_is_found_with_its_releases_and_policies(server: FakeApi) -> None:
    rule = given("DestinationRule", "echo-server")
    server.add(*istio_documents(replace(istiod(), policies=(rule,))))

    found = look(server)

    assert found.ours
    assert found.releases.keys() == {"istio-base", "istiod"}
    assert found.daemon is not None
    assert found.daemon.complete
    assert [(p.kind, p.name, p.as_applied) for p in found.policies] == [("DestinationRule", "echo-server", True)]


def test_an_istio_of_somebody_else_is_not_ours_and_its_secrets_are_not_asked_for(server: FakeApi) -> None:
    server.add(*istio_documents(istiod(ours=False)))

    found = look(server)

    assert (found.ours, found.to_install) == (False, False)
    assert not asked_for_secrets(server)


@pytest.mark.parametrize("url", ["", "https://istiod.example.com/inject"], ids=["remote", "managed or external"])
def test_a_control_plane_that_is_no_deployment_here_is_not_doubled(server: FakeApi, url: str) -> None:
    server.add(*istio_documents(Istio(injectors=parse_injectors([webhooks(url=url)]))))

    found = look(server)

    assert found.plane is not None
    assert found.daemon is None
    assert not found.to_install


def test_webhooks_that_an_istio_left_behind_are_no_control_plane(server: FakeApi) -> None:
    server.add(webhooks())

    assert look(server).to_install


def test_a_deployment_without_its_webhook_is_not_whole(server: FakeApi) -> None:
    server.add(*istio_documents(replace(istiod(), injectors=())))

    found = look(server)

    assert found.ours
    assert not found.reachable


def test_an_istio_that_lbdemo_began_and_somebody_else_finished_is_theirs() -> None:
    begun = {"istio-base": istiod().releases["istio-base"]}

    assert Istio(begun).ours
    assert not Istio(begun, (daemon("istiod"),)).ours
    assert Istio(begun, (daemon("istiod"),)).begun
    assert not Istio({**begun, "istiod": istiod(ours=False).releases["istiod"]}, (daemon("istiod"),)).ours


@pytest.mark.parametrize(
    ("daemons", "serving", "revision"),
    [
        ((), None, ""),
        ((daemon("istiod"),), "istiod", ""),
        ((daemon("istiod-1-30", "1-30"),), "istiod-1-30", "1-30"),
        ((daemon("istiod-1-30", "1-30"), daemon("istiod-z")), "istiod-z", ""),
        ((daemon("istiod-1-9", "1-9", "1.9.9"), daemon("istiod-1-30", "1-30", "1.30.1")), "istiod-1-30", "1-30"),
        ((daemon("istiod-z", "z", "1.9.0"), daemon("istiod-a", "a", "1.10.0")), "istiod-a", "a"),
    ],
    ids=["none", "default", "a revision", "default first", "by version", "not by name"],
)
def test_the_default_revision_serves_us_or_the_newest(
    daemons: tuple[Deployment, ...], serving: str | None, revision: str
) -> None:
    istio = Istio(daemons=daemons)

    assert (istio.daemon.meta.name if istio.daemon else None) == serving
    assert istio.revision == revision


def test_a_cluster_that_does_not_know_istios_kinds_has_no_policies(server: FakeApi) -> None:
    server.add(*istio_documents(istiod()))
    server.unknown |= {"destinationrules.networking.istio.io", "peerauthentications.security.istio.io"}

    found = look(server)

    assert (found.policies, found.crds) == ((), False)
    assert found.daemon is not None


# Who may not look


def test_who_may_not_see_webhooks_does_not_take_istio_for_absent(server: FakeApi) -> None:
    server.forbid("list", WEBHOOKS).forbid("list", "deployments.apps")

    found = look(server)

    assert (found.hidden, found.to_install) == (True, False)
    assert {str(item.right) for item in found.unseen} == {f"list {WEBHOOKS}", "list deployments.apps"}
    assert not asked_for_secrets(server)


def test_the_authority_in_the_namespace_shows_a_control_plane_that_cannot_be_seen(server: FakeApi) -> None:
    server.forbid("list", WEBHOOKS).add(*listed([Meta("ConfigMap", "lbdemo", "istio-ca-root-cert")])["items"])

    assert look(server).traces == "ConfigMap lbdemo/istio-ca-root-cert"


def test_a_deployment_shows_it_to_who_may_not_see_webhooks(server: FakeApi) -> None:
    server.forbid("list", WEBHOOKS).add(*istio_documents(istiod(ours=False)))

    found = look(server)

    assert found.plane is not None
    assert not found.hidden


def test_sidecars_without_a_control_plane_are_told(server: FakeApi) -> None:
    theirs = pod("cart-1", "cart", sidecar=True)
    marks = {"security.istio.io/tlsMode": "istio"}
    server.add(*listed([replace(theirs, meta=Meta("Pod", "shop", "cart-1", marks))])["items"])

    assert look(server).traces == "the sidecar of pod shop/cart-1"


def test_our_own_sidecars_are_no_trace_of_somebody_elses_istio(server: FakeApi) -> None:
    ours = {"security.istio.io/tlsMode": "istio", labels.PART_OF: "lbdemo"}
    server.add(*listed([replace(pod("a", "echo"), meta=Meta("Pod", "lbdemo", "a", ours))])["items"])

    assert look(server).traces == ""


def test_who_is_to_remove_istio_must_be_able_to_see_its_releases(server: FakeApi) -> None:
    server.forbid("list", "secrets", ISTIO_NAMESPACE).add(*istio_documents(istiod(ours=False)))

    with pytest.raises(UnseenError, match="secrets in namespace istio-system"):
        look(server, thorough=True)


def test_a_login_that_fails_is_no_answer(server: FakeApi) -> None:
    server.proxy_says("getting credentials: exec: executable login failed with exit code 1")

    with pytest.raises(UnseenError, match="login"):
        look(server)
