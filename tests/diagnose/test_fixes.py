from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.shops import caller, service, shop

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.evidence import Surroundings
from lbdemo.diagnose.fixes import choose_in_the_client, headless_beside, made_anew, mesh_the_callers
from lbdemo.kube.records.cluster import Namespace
from lbdemo.kube.records.meta import Meta
from lbdemo.kube.records.services import ServicePort


def test_a_headless_service_is_made_where_there_is_none() -> None:
    apply, undo, target = headless_beside(Case(shop()))

    assert "clusterIP: None" in apply[0]
    assert undo == ("kubectl -n shop delete service payments-headless",)
    assert target == "dns:///payments-headless.shop.svc.cluster.local:9090"


def test_a_manifest_without_a_selector_is_not_printed_for_it_would_have_no_endpoints() -> None:
    fix = choose_in_the_client(Case(shop(about=replace(service(), selector={}))))

    assert fix.commands == fix.undo == ()
    assert fix.advice.startswith("make a headless Service payments-headless with EndpointSlices like those of payments")


def test_one_that_is_there_is_used() -> None:
    peers = service("peers", headless=True, unready_too=True)
    there = service("pods", headless=True, port=ServicePort(7070, "grpc"))
    case = Case(shop(surroundings=Surroundings(services=(peers, there))))

    assert headless_beside(case) == ((), (), "dns:///pods.shop.svc.cluster.local:7070")


def test_each_namespace_is_labelled_once_and_each_workload_made_anew_once() -> None:
    fix = mesh_the_callers(Case(shop()), [caller("a", 1), caller("b", 2, namespace="jobs"), caller("c", 3)])

    assert fix.commands == (
        "kubectl label namespace jobs istio-injection=enabled --overwrite",
        "kubectl label namespace shop istio-injection=enabled --overwrite",
        "kubectl -n jobs rollout restart deployment/b",
        "kubectl -n shop rollout restart deployment/a",
        "kubectl -n shop rollout restart deployment/c",
    )
    assert len(fix.undo) == len(fix.commands)


def test_what_kubectl_cannot_restart_is_not_told_to_be_restarted() -> None:
    job = replace(caller("nightly"), workload="job/nightly-29930726")

    assert made_anew([job]) == ()
    assert made_anew([job, caller("web", 2)]) == ("kubectl -n shop rollout restart deployment/web",)


def labelled(**labels: str) -> Case:
    space = Namespace(Meta("Namespace", "", "shop", labels), "Active", ())
    return Case(shop(surroundings=Surroundings(namespaces=(space,))))


def test_a_label_that_was_there_comes_back_by_the_undo() -> None:
    fix = mesh_the_callers(labelled(**{"istio-injection": "disabled"}), [caller("a")])

    assert fix.commands[0] == "kubectl label namespace shop istio-injection=enabled --overwrite"
    assert fix.undo[0] == "kubectl label namespace shop istio-injection=disabled --overwrite"


@pytest.mark.parametrize("label", ["istio-injection=enabled", "istio.io/rev=canary"])
def test_where_sidecars_are_injected_labels_stay_as_they_are(label: str) -> None:
    name, _, value = label.partition("=")
    fix = mesh_the_callers(labelled(**{name: value}), [caller("a")])

    assert fix.commands == fix.undo == ("kubectl -n shop rollout restart deployment/a",)
