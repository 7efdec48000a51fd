from __future__ import annotations

from dataclasses import replace

from diagnose.causes.said import commands, found, silent, texts
from diagnose.shops import aged, born, caller, held, pod, servers, service, shop

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.causes.one_ready_endpoint import cause
from lbdemo.diagnose.findings import CannotTell, Severity
from lbdemo.kube.answers import Unseen, Why
from lbdemo.kube.records.meta import Condition, Owner
from lbdemo.kube.records.pods import Container, Pod

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


def test_a_selector_that_fits_no_pod() -> None:
    said = found(cause, shop(held(), pods=()))

    assert "its selector fits none" in said.sentence
    assert commands(said) == "kubectl -n shop get pods -l app=payments"


def test_a_service_without_a_selector_has_none_to_fit() -> None:
    said = found(cause, shop(held(), pods=(), about=replace(service(), selector={})))

    assert "selects no pods" in said.sentence
    assert said.fixes == ()


def test_a_port_that_no_container_has_is_no_matter_of_labels() -> None:
    seen = replace(shop(held()), slices=(), port=replace(service().ports[0], target="grcp"))

    assert "none of them has the port grcp" in found(cause, seen).sentence


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
