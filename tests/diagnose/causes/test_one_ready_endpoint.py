from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.causes.said import commands, found, silent, texts
from diagnose.pasting import pasted
from diagnose.shops import PORT, aged, born, caller, held, pod, servers, service, shop

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.causes.one_ready_endpoint import cause
from lbdemo.diagnose.evidence import Surroundings
from lbdemo.diagnose.findings import CannotTell, Finding, Severity
from lbdemo.kube.answers import Unseen, Why
from lbdemo.kube.records.meta import Condition, Meta, Owner
from lbdemo.kube.records.pods import Container, ContainerPort, Pod
from lbdemo.kube.records.workloads import Deployment

FORBIDDEN = Unseen("pods", Why.FORBIDDEN, "no", None, "work")


def waiting(reason: str = "", minutes: float = 60, *, running: bool = False) -> Pod:
    one = pod("payments-b", "10.0.0.2", ready=False, meta={"created": born(minutes)})
    return replace(one, containers=(Container("app", "app:1", running=running, waiting=reason),))


def test_one_ready_of_three_gets_all() -> None:
    said = found(cause, shop(held(1), pods=(servers()[0], waiting("CrashLoopBackOff"), pod("payments-c", ready=False))))

    assert (said.severity, said.explains) == (Severity.PROBLEM, 1.0)
    assert "Only 1 of 3" in said.sentence
    assert "payments-b is not ready: app waits: CrashLoopBackOff" in texts(said)
    assert commands(said) == "kubectl -n shop describe pod payments-b"


def test_what_keeps_a_pod_is_told_in_its_own_words() -> None:
    one = replace(waiting(running=True), conditions=(Condition("Ready", "False", "ContainersNotReady", "not [app]"),))

    assert "ContainersNotReady: not [app]" in texts(found(cause, shop(held(1), pods=(servers()[0], one))))


def test_none_ready_is_no_share_of_calls() -> None:
    assert "None of 1 pod is ready" in found(cause, shop(held(), pods=(waiting("CrashLoopBackOff"),))).sentence


def test_pods_that_are_still_being_made_are_no_problem_yet() -> None:
    young = waiting("ContainerCreating", 0.3)

    assert found(cause, shop(held(1), pods=(servers()[0], young))).severity is Severity.NOTE


def test_young_pods_whose_probe_fails_are_one() -> None:
    young = waiting(minutes=0.3, running=True)

    assert found(cause, shop(held(1), pods=(servers()[0], young))).severity is Severity.PROBLEM


def test_two_ready_pods_can_share() -> None:
    assert silent(cause, shop(held(1), pods=(*servers()[:2], waiting("CrashLoopBackOff"))))


def test_one_pod_alone_is_told_with_the_way_to_more() -> None:
    owner = Owner("ReplicaSet", "payments-1a", "u", True)
    meta = {"owners": (owner,), "labels": {"pod-template-hash": "1a"}}
    said = found(cause, shop(held(1), pods=(pod("payments-a", "10.0.0.1", meta=meta),)))

    assert said.severity is Severity.NOTE
    assert commands(said) == "kubectl -n shop scale deployment/payments --replicas=3"
    assert said.fixes[0].undo == ("kubectl -n shop scale deployment/payments --replicas=1",)


@pytest.mark.parametrize("kind", ["DaemonSet", "Job"])
def test_what_cannot_be_scaled_is_not_told_to_be(kind: str) -> None:
    meta = {"owners": (Owner(kind, "payments", "u", True),)}

    assert found(cause, shop(held(1), pods=(pod("payments-a", "10.0.0.1", meta=meta),))).fixes == ()


def test_a_selector_that_fits_no_pod() -> None:
    said = found(cause, shop(held(), pods=()))

    assert "its selector fits none" in said.sentence
    assert commands(said) == "kubectl -n shop get pods --show-labels"


def deployed(name: str, replicas: int = 3, **labels: str) -> Deployment:
    meta = Meta("Deployment", "shop", name)
    return Deployment(meta, replicas, 0, 0, 0, True, 1, (), (), {"app": labels["app"]}, labels)


def selecting(selector: dict[str, str], *there: Deployment) -> Finding:
    about = replace(service(), selector=selector)
    return found(cause, shop(held(), pods=(), about=about, surroundings=Surroundings(deployments=there)))


@pytest.mark.parametrize(
    ("selector", "wanted"),
    [({"app": "payment"}, {"app": "payments"}),
     ({"app": "payments", "tier": "web"}, {"app": "payments"}),
     ({"app": "payments", "tier": "web", "version": "1"}, {"app": "payments", "version": "2"}),
     ({"name": "payments"}, {"app": "payments"})],
)  # fmt: skip
def test_the_selector_becomes_what_the_nearest_pods_have(selector: dict[str, str], wanted: dict[str, str]) -> None:
    there = (deployed("payments", app="payments", version="2"), deployed("search", app="search"))
    seen = {"spec": {"selector": selector}}

    fix = selecting(selector, *there).fixes[0]

    after = pasted(seen, fix.commands)
    assert fix.title == "let the Service select the pods of deployment/payments"
    assert after == {"spec": {"selector": wanted}}
    assert pasted(after, fix.undo) == seen


def test_between_two_that_are_as_near_nobody_chooses() -> None:
    there = (deployed("old", app="payments", version="1"), deployed("new", app="payments", version="2"))

    assert commands(selecting({"app": "payments", "version": "3"}, *there)) == "kubectl -n shop get pods --show-labels"
    assert len(selecting({"app": "cart"}, *there).fixes) == 1, "none is near"


def test_a_deployment_that_was_scaled_to_none_is_scaled_again() -> None:
    fix = selecting({"app": "payments"}, deployed("payments", 0, app="payments")).fixes[0]

    assert fix.commands == ("kubectl -n shop scale deployment/payments --replicas=3",)
    assert fix.undo == ("kubectl -n shop scale deployment/payments --replicas=0",)
    assert len(selecting({"app": "payments"}, deployed("payments", app="payments")).fixes) == 1, "its pods are to come"


def test_a_service_without_a_selector_has_none_to_fit() -> None:
    said = found(cause, shop(held(), pods=(), about=replace(service(), selector={})))

    assert "selects no pods" in said.sentence
    assert said.fixes == ()


def wanting(*ports: ContainerPort) -> Finding:
    """A Service that wants a port which no container has; these are the ports that one has, beside its proxy's."""
    about = service(port=replace(PORT, target="grcp"))
    proxy = Container("istio-proxy", "proxyv2", init=True, always=True, ports=(ContainerPort(15090, "grpc-proxy"),))
    one = replace(pod("payments-a", "10.0.0.1"), containers=(proxy, Container("app", "app:1", ports=ports)))
    return found(cause, replace(shop(held(), pods=(one,), about=about), slices=()))


@pytest.mark.parametrize(
    ("ports", "target"),
    [((ContainerPort(9090, "grpc"),), "grpc"), ((ContainerPort(9090),), 9090),
     ((ContainerPort(9100, "metrics"), ContainerPort(9090, "grpc-api")), "grpc-api")],
)  # fmt: skip
def test_a_port_that_no_container_has_becomes_one_that_it_has(ports: tuple[ContainerPort, ...], target: object) -> None:
    seen = {"spec": {"ports": {"0": {"port": 8080, "targetPort": "grcp"}}}}

    said = wanting(*ports)

    assert "none of them has the port grcp" in said.sentence
    after = pasted(seen, said.fixes[0].commands)
    assert after["spec"]["ports"]["0"]["targetPort"] == target
    assert pasted(after, said.fixes[0].undo) == seen


@pytest.mark.parametrize("ports", [(), (ContainerPort(1), ContainerPort(2))])
def test_among_several_ports_nobody_chooses(ports: tuple[ContainerPort, ...]) -> None:
    assert commands(wanting(*ports)) == ""


def test_endpoints_that_are_not_ready_count_where_pods_cannot_be_seen() -> None:
    seen = shop(held(1), callers=[caller("checkout")], pods=(servers()[0], pod("payments-b", "10.0.0.2", ready=False)))

    said = found(cause, replace(seen, servers=FORBIDDEN))

    assert (said.severity, said.sentence) == (Severity.PROBLEM, "Only 1 of 2 endpoints takes new connections.")


def test_one_that_stays_while_others_leave_is_a_note() -> None:
    seen = shop(held(1), pods=aged([60, 60]))
    assert isinstance(seen.slices, tuple)
    ends = seen.slices[0].endpoints
    gone = replace(ends[1], ready=False, terminating=True)

    said = found(cause, replace(seen, slices=(replace(seen.slices[0], endpoints=(ends[0], gone)),)))

    assert (said.severity, texts(said)) == (Severity.NOTE, "payments-b leaves")


def test_endpoints_that_nobody_could_see_are_not_none() -> None:
    (said,) = cause(Case(replace(shop(held(1)), slices=FORBIDDEN)))

    assert isinstance(said, CannotTell)
