from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.causes.said import found, silent, texts
from diagnose.shops import LISTENS, aged, at_once, begun, born, caller, even, held, own_look, service, shop

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.causes.headless_pick_first import cause
from lbdemo.diagnose.evidence import Caller, Surroundings
from lbdemo.diagnose.findings import CannotTell, Severity
from lbdemo.diagnose.looks import MetricsLook
from lbdemo.kube.records.pods import Container

CHECKOUT = caller("checkout")


def born_before(minutes: float, args: tuple[str, ...] = ()) -> Caller:
    pod = CHECKOUT.pod
    assert pod is not None
    meta, containers = replace(pod.meta, created=born(minutes)), (replace(pod.containers[0], args=args),)
    return replace(CHECKOUT, pod=replace(pod, meta=meta, containers=containers))


def test_a_caller_at_one_of_three_takes_the_first_address() -> None:
    said = found(cause, shop(held(1), callers=[CHECKOUT], headless=True, segments=even(50)))

    assert (said.explains, said.possible, said.severity) == (1.0, False, Severity.PROBLEM)
    assert "checkout holds 1 connection, to payments-a" in texts(said)
    assert "dns:///payments.shop.svc.cluster.local:9090" in said.fixes[0].advice, "headless: the pods' own port"


def test_two_callers_at_the_same_pod_are_told_of_the_order_of_dns() -> None:
    looks = {"payments-a": {"10.0.1.1": 1, "10.0.1.2": 1}}

    assert "fixed order" in texts(found(cause, shop(looks, callers=[CHECKOUT, caller("batch", 2)], headless=True)))


@pytest.mark.parametrize(
    ("looks", "headless"), [(held(1, 1, 1), True), (held(1, 1), True), (held(1), False)],
    ids=["all pods", "some pods: it does choose", "a cluster IP"],
)  # fmt: skip
def test_other_ways_to_be_connected_are_not_its_own(looks: dict[str, dict[str, int]], headless: bool) -> None:
    assert silent(cause, shop(looks, callers=[CHECKOUT], headless=headless))


def test_a_sidecar_hides_what_the_client_does() -> None:
    assert silent(cause, shop(held(1), callers=[caller("checkout", proxy="istio-proxy")], headless=True))


def test_a_proxy_is_no_grpc_client() -> None:
    assert CHECKOUT.pod is not None
    nginx = replace(CHECKOUT, pod=replace(CHECKOUT.pod, containers=(Container("web", "nginx:1.29", running=True),)))

    assert silent(cause, shop(held(1), callers=[nginx], headless=True))


def test_pods_that_came_just_now_are_given_a_minute() -> None:
    assert silent(cause, shop(held(1), callers=[born_before(60)], headless=True, pods=aged([60, 0.5, 0.5])))


def test_pods_that_came_after_the_caller_make_it_possible_only() -> None:
    said = found(cause, shop(held(1), callers=[born_before(60)], headless=True, pods=aged([60, 5, 5])))

    assert said.possible
    assert "came later" in texts(said)


def test_a_caller_that_is_younger_than_all_pods_saw_all_of_them() -> None:
    assert not found(cause, shop(held(1), callers=[born_before(1)], headless=True, pods=aged([60, 5, 5]))).possible


def test_a_client_that_was_told_to_take_turns_is_left_to_another_cause() -> None:
    waits = born_before(60, ("--policy=round_robin",))

    assert silent(cause, shop(held(1), callers=[waits], headless=True, pods=aged([60, 5, 5])))


def test_who_nobody_could_see_is_possible_only() -> None:
    stranger = Caller("10.0.1.1", ("10.0.1.1",), "sockets")

    assert found(cause, shop(held(1), callers=[stranger], headless=True)).possible


def test_without_the_servers_sockets_it_cannot_tell() -> None:
    (said,) = cause(Case(shop(None, callers=[CHECKOUT], headless=True)))

    assert isinstance(said, CannotTell)


def test_where_all_pods_get_alike_all_the_same_it_is_a_risk() -> None:
    looks = tuple(
        MetricsLook(f"shop/payments-{letter}", turn, float(turn), "grpc_server_started_total", 900 * turn)
        for letter in "abc" for turn in range(12)
    )  # fmt: skip

    said = found(cause, shop(held(1), callers=[CHECKOUT], headless=True, metrics=looks))

    assert (said.severity, said.explains) == (Severity.RISK, 0.0)


def test_where_no_server_could_be_looked_at_the_callers_own_sockets_tell() -> None:
    seen = shop(callers=[CHECKOUT], headless=True, sockets=own_look(CHECKOUT, ("10.0.0.2", LISTENS)))

    said = found(cause, seen)

    assert (said.explains, said.possible) == (1.0, False)
    first = said.evidence[0]
    assert (first.text, first.source) == ("checkout holds 1 connection, to payments-b", "callers' sockets")
    assert found(cause, replace(seen, callers=(CHECKOUT, caller("batch", 2)))).possible, "nobody knows of batch"


@pytest.mark.parametrize("ends", [("10.0.0.1", "10.0.0.2"), ("10.0.0.9",), ()])
def test_callers_own_sockets_that_lead_elsewhere_tell_of_another_case(ends: tuple[str, ...]) -> None:
    own = own_look(CHECKOUT, *((end, LISTENS) for end in ends))

    assert silent(cause, shop(callers=[CHECKOUT], headless=True, sockets=own))


BESIDE = Surroundings(services=(service("orders"),))


def test_beside_such_a_service_one_whose_own_sockets_lead_to_a_pod_is_certain() -> None:
    seen = shop(
        held(1), callers=[CHECKOUT], headless=True, surroundings=BESIDE, sockets=own_look(CHECKOUT, ("10.0.0.1", 80))
    )

    assert not found(cause, seen).possible


def test_beside_such_a_service_one_whose_own_sockets_nobody_saw_is_possible_only() -> None:
    said = found(cause, shop(held(1), callers=[CHECKOUT], headless=True, surroundings=BESIDE))

    assert said.possible
    assert "Service orders has an address for the same pods" in texts(said)


@pytest.mark.parametrize("ready", [(59, 58, 58), (59, 0.5, 0.5)], ids=["long ago", "a moment ago"])
def test_where_all_began_together_a_client_of_one_pod_may_have_been_told_of_no_other(ready: tuple[float, ...]) -> None:
    silent_one = begun(CHECKOUT, 58.9)
    said = found(cause, shop(held(1), callers=[silent_one], headless=True, pods=at_once(*ready)))
    assert said.possible

    turning = begun(CHECKOUT, 58.9, "--policy=round_robin")
    assert silent(cause, shop(held(1), callers=[turning], headless=True, pods=at_once(*ready)))


def test_one_other_pod_that_was_ready_before_the_client_began_is_enough() -> None:
    turning = begun(CHECKOUT, 58, "--policy=round_robin")

    assert not found(cause, shop(held(1), callers=[turning], headless=True, pods=at_once(59, 59, 57))).possible
