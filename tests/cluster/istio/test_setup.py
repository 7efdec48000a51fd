"""An Istio that is there is used, or refused with the reason; it is never doubled by a second one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from meshes import webhooks
from worlds import CONFIG, istiod, namespace

from lbdemo.cluster.install.strategies.base import Istiod
from lbdemo.cluster.istio.injectors import parse_injectors
from lbdemo.cluster.istio.setup import setup
from lbdemo.cluster.istio.state import Istio, chosen
from lbdemo.cluster.kernel.observe import Observed
from lbdemo.errors import InputError
from lbdemo.kube.answers import Right, Unseen, UnseenError, Why

MANAGED = Istio(injectors=parse_injectors([webhooks(url="https://istiod.example.com/inject")]))
REVISIONS = Istio(injectors=parse_injectors([webhooks("1-9-0"), webhooks("1-24-0")]))
RIGHT = Right("list", "mutatingwebhookconfigurations", "admissionregistration.k8s.io")
HIDDEN = Istio(unseen=(Unseen("webhooks", Why.FORBIDDEN, "no", RIGHT),))
THEIRS = Observed(namespace(ours=False))


def steps(istio: Istio) -> list[str]:
    return [step.key for step in setup(CONFIG.istio, istio, 60)]


def test_where_there_is_none_it_is_installed_and_istiod_waits_for_its_crds() -> None:
    base, daemon, wait = setup(CONFIG.istio, Istio(), 60)

    assert (base.key, daemon.key, wait.key) == ("istio-base", "istiod", "istio")
    assert base.key in daemon.after


def test_a_control_plane_outside_the_cluster_is_used_as_it_is() -> None:
    assert steps(MANAGED) == []


def test_one_that_cannot_be_seen_is_used_when_something_shows_it() -> None:
    assert steps(replace(HIDDEN, traces="ConfigMap lbdemo/istio-ca-root-cert")) == []
    assert steps(chosen(HIDDEN, "prod", THEIRS, sidecars=True)) == []
    labelled = Observed(namespace({"istio-injection": "enabled"}, ours=False))
    assert steps(chosen(HIDDEN, "", labelled, sidecars=True)) == []


def test_one_that_may_be_there_and_that_nothing_shows_is_refused_with_the_missing_right() -> None:
    with pytest.raises(UnseenError) as refused:
        steps(HIDDEN)

    assert "auth can-i list mutatingwebhookconfigurations.admissionregistration.k8s.io" in refused.value.hint


def test_sidecars_of_an_unknown_control_plane_keep_a_second_one_away() -> None:
    with pytest.raises(InputError, match="pod shop/cart-1 is there, and no control plane"):
        steps(Istio(traces="the sidecar of pod shop/cart-1"))


def test_an_istio_of_ours_is_repaired_whatever_else_shows() -> None:
    half = {"istio-base": istiod().releases["istio-base"]}

    assert steps(Istio(half, traces="ConfigMap lbdemo/istio-ca-root-cert")) == ["istiod", "istio"]


def test_a_control_plane_without_crds_is_not_given_ours() -> None:
    with pytest.raises(InputError, match="does not know Istio's kinds"):
        steps(replace(MANAGED, crds=False))


def test_a_revision_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(InputError, match=r"no revision or tag 1-99.*there is 1-24-0, 1-9-0"):
        steps(chosen(REVISIONS, "1-99", Observed(None), sidecars=True))


def test_no_revision_is_installed_under_a_name() -> None:
    with pytest.raises(InputError, match="no revision or tag prod"):
        steps(chosen(Istio(), "prod", Observed(None), sidecars=True))


def test_the_revision_that_a_person_chose_is_used() -> None:
    found = chosen(REVISIONS, "1-9-0", Observed(None), sidecars=True)

    assert (found.revision, found.service, steps(found)) == ("1-9-0", "istiod-1-9-0", [])


def test_another_revision_than_ours_is_not_ours() -> None:
    both = replace(istiod(), injectors=(*istiod().injectors, *REVISIONS.injectors))

    assert chosen(both, "", Observed(None), sidecars=True).ours
    assert not chosen(both, "1-9-0", Observed(None), sidecars=True).ours


def test_a_namespace_of_somebody_else_that_refuses_sidecars_is_told() -> None:
    refusing = Observed(namespace({"istio-injection": "disabled"}, ours=False))

    with pytest.raises(InputError, match="istio-injection=disabled"):
        chosen(MANAGED, "", refusing, sidecars=True)
    assert chosen(MANAGED, "", refusing, sidecars=False).plane is not None, "proxyless clients need no injection"


def test_proxyless_clients_need_a_service_of_the_control_plane_in_the_cluster() -> None:
    found = MANAGED.service

    with pytest.raises(InputError, match="outside this cluster"):
        _ = Istiod("", "istio-system", found).host
