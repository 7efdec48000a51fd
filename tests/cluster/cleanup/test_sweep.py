"""What an Istio of ours leaves: removed as far as it is proven, and no CRD whose objects exist or cannot be seen."""

from __future__ import annotations

from typing import Any

import pytest
from clean_objects import document, names, space
from fake_api import FakeApi
from fakes import FakeRun, tools

from lbdemo.cluster.cleanup.items import ReleaseName
from lbdemo.cluster.cleanup.proof import ISTIOD, Proof
from lbdemo.cluster.cleanup.sweep import SweepIstio
from lbdemo.config import ISTIO_NAMESPACE

CRDS = "customresourcedefinitions"
PROOF = Proof(frozenset({ReleaseName(ISTIO_NAMESPACE, "istio-base")}), istiod=True)


def definition(name: str, release: str = "istio-base") -> dict[str, Any]:
    return document("CustomResourceDefinition", name, release=release, of=ISTIO_NAMESPACE)


def swept(fake: FakeApi, *, home_stays: bool = False) -> tuple[str, list[str]]:
    """The note, and what was explained."""
    said: list[str] = []
    step = SweepIstio(PROOF, home_stays=home_stays, explain=said.append)
    return step.run(tools(FakeRun(), api=fake.api()), lambda _: None), said


def definitions(fake: FakeApi) -> set[str]:
    return names(fake, f"{CRDS}.apiextensions.k8s.io")


# The fake API server serves leases and deployments, which stand for Istio's own kinds here.
USED, UNUSED = "deployments.apps", "leases.coordination.k8s.io"


def test_crds_of_ours_without_objects_go_and_the_reason_is_told() -> None:
    with FakeApi().add(definition(UNUSED)) as fake:
        note, said = swept(fake)

    assert note == "1 object"
    assert definitions(fake) == set()
    assert "held by Helm release istio-system/istio-base" in said[0]


def test_a_crd_whose_objects_somebody_has_stays_and_is_named() -> None:
    with FakeApi().add(definition(USED), definition(UNUSED), document("Deployment", "theirs", "shop")) as fake:
        note, _ = swept(fake)

    assert USED in note
    assert "objects of this kind exist" in note
    assert definitions(fake) == {USED}


def test_a_crd_whose_objects_may_not_be_listed_stays_and_the_right_is_named() -> None:
    with FakeApi().add(definition(USED)).forbid("list", USED) as fake:
        note, _ = swept(fake)

    assert "could not be seen (forbidden)" in note
    assert "kubectl auth can-i list deployments.apps -A" in note
    assert definitions(fake) == {USED}


@pytest.mark.parametrize("release", ["", "istio-of-somebody"])
def test_a_crd_that_is_not_of_our_release_stays(release: str) -> None:
    with FakeApi().add(definition("sidecars.networking.istio.io", release)) as fake:
        assert swept(fake)[0] == "0 objects"

    assert definitions(fake) == {"sidecars.networking.istio.io"}


def test_what_istiod_wrote_into_every_namespace_goes() -> None:
    written = document("ConfigMap", "istio-ca-root-cert", "shop", maker=ISTIOD)
    theirs = document("ConfigMap", "istio-ca-root-cert", "old", maker="kubectl-create")
    with FakeApi().add(written, theirs) as fake:
        assert swept(fake)[0] == "1 object"

    assert [key[1] for key in fake.objects] == ["old"]


@pytest.mark.parametrize("home_stays", [True, False])
def test_in_a_namespace_that_stays_only_what_istiod_wrote_goes(home_stays: bool) -> None:
    here = [document("ConfigMap", name, ISTIO_NAMESPACE) for name in ("istio-leader", "theirs")]
    secrets = [document("Secret", name, ISTIO_NAMESPACE) for name in ("istio-ca-secret", "istio-ingressgateway-certs")]
    with FakeApi().add(space(ISTIO_NAMESPACE, ours=False), *here, *secrets) as fake:
        swept(fake, home_stays=home_stays)

    assert "theirs" in names(fake, "configmaps")
    assert "istio-ingressgateway-certs" in names(fake, "secrets")
    assert ("istio-leader" in names(fake, "configmaps")) is not home_stays
    assert ("istio-ca-secret" in names(fake, "secrets")) is not home_stays
