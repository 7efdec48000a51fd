"""Whose an object is: by who holds it, never by what it is called or by a label that a chart prints."""

from __future__ import annotations

from typing import Any

import pytest
from clean_objects import found

from lbdemo.cluster.cleanup.inventory import Inventory
from lbdemo.cluster.cleanup.items import ReleaseName
from lbdemo.cluster.cleanup.proof import ISTIOD, Proof, made_by_istiod
from lbdemo.cluster.kernel import labels
from lbdemo.config import ISTIO_NAMESPACE

OURS = Proof(frozenset({ReleaseName("ns", "echo-server")}))
ISTIO = Proof(istiod=True)
CHARTS = {labels.PART_OF: "lbdemo", labels.MANAGED_BY: "Helm", "app.kubernetes.io/instance": "echo-server"}


def test_what_our_release_holds_is_ours_with_its_reason() -> None:
    (removal,) = OURS.removals([found("Deployment", "echo-server", "ns", release="echo-server")])

    assert removal.why == "held by Helm release ns/echo-server, which lbdemo installed"


@pytest.mark.parametrize(
    "more",
    [{"release": "demo"}, {"release": "echo-server", "of": "elsewhere"}, {}],
    ids=["another release", "another namespace", "no release"],
)
def test_a_label_that_the_chart_prints_proves_nothing(more: dict[str, Any]) -> None:
    assert OURS.removals([found("Deployment", "echo-server", "ns", marks=CHARTS, **more)]) == ()


def test_a_name_like_istios_proves_nothing() -> None:
    theirs = [found("ClusterRole", name) for name in ("istio-cni", "istiod-clusterrole-istio-system")]
    theirs += [found("CustomResourceDefinition", "sidecars.networking.istio.io")]

    assert ISTIO.removals(theirs) == ()


def test_what_was_recorded_is_ours_if_it_says_so_itself() -> None:
    definition = found(
        "CustomResourceDefinition", "sidecars.networking.istio.io", release="istio-base", of=ISTIO_NAMESPACE
    )
    without = found("CustomResourceDefinition", "sidecars.networking.istio.io")
    proof = Proof(before=Inventory(installed=frozenset({definition.item})))

    assert "recorded with this uid" in proof.why(definition)
    assert proof.why(without) == "", "a config map that others may write decides nothing alone"


def test_another_object_under_a_recorded_name_is_not_ours() -> None:
    ours = found("ClusterRole", "istiod", release="istiod", of=ISTIO_NAMESPACE)
    theirs = found("ClusterRole", "istiod", release="istiod", of=ISTIO_NAMESPACE, uid="another")

    assert Proof(before=Inventory(installed=frozenset({ours.item}))).why(theirs) == ""


def test_what_istiod_signed_is_ours_if_it_was_not_there_before() -> None:
    spread = found("ConfigMap", "istio-ca-root-cert", "shop", maker=ISTIOD)

    assert ISTIO.why(spread) == "written by istiod into every namespace"
    assert Proof(before=Inventory(frozenset({spread.item})), istiod=True).why(spread) == ""
    assert Proof().why(spread) == "", "our istiod has not run"


@pytest.mark.parametrize(("name", "maker"), [("istio-ca-root-cert", "kubectl-create"), ("istio-notes", ISTIOD)])
def test_what_others_signed_or_named_is_not(name: str, maker: str) -> None:
    assert ISTIO.why(found("ConfigMap", name, "shop", maker=maker)) == ""


@pytest.mark.parametrize(
    ("name", "maker", "ours"),
    [("istio", ISTIOD, True), ("istio-shop", ISTIOD, False), ("istio", "kubectl-create", False), ("nginx", "", False)],
)
def test_gateway_classes_are_istiods_by_name_and_signature(name: str, maker: str, ours: bool) -> None:
    assert bool(ISTIO.why(found("GatewayClass", name, maker=maker))) is ours


@pytest.mark.parametrize(
    ("kind", "name", "ours"),
    [("Lease", "istio-leader", True), ("Lease", "istio-gateway-deployment-default", True),
     ("Lease", "istio-shop", False),
     ("ConfigMap", "istio-namespace-controller-election", True), ("ConfigMap", "istio-ip-autoallocate", True),
     ("ConfigMap", "istio-ca-crl", True), ("ConfigMap", "istio-dashboards", False), ("ConfigMap", "theirs", False),
     ("Secret", "istio-ca-secret", True), ("Secret", "istio-remote-secret-west", False),
     ("Secret", "istio-ingressgateway-certs", False), ("Deployment", "istio-ingressgateway", False)],
)  # fmt: skip
def test_istiods_objects_in_its_namespace_are_known_by_their_documented_names(kind: str, name: str, ours: bool) -> None:
    assert made_by_istiod(found(kind, name, ISTIO_NAMESPACE).item) is ours
