from __future__ import annotations

from dataclasses import replace

from diagnose.shops import caller, service, shop

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.evidence import Surroundings
from lbdemo.diagnose.fixes import choose_in_the_client, headless_beside, mesh_the_callers
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
    fix = mesh_the_callers([caller("a", 1), caller("b", 2, namespace="jobs"), caller("c", 3)])

    assert fix.commands == (
        "kubectl label namespace jobs istio-injection=enabled --overwrite",
        "kubectl label namespace shop istio-injection=enabled --overwrite",
        "kubectl -n jobs rollout restart deployment/b",
        "kubectl -n shop rollout restart deployment/a",
        "kubectl -n shop rollout restart deployment/c",
    )
    assert len(fix.undo) == len(fix.commands)
