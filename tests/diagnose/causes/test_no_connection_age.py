from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.causes.said import found, silent, texts
from diagnose.shops import LISTENS, aged, at_once, begun, caller, even, held, own_look, servers, shop

from lbdemo.diagnose.causes.no_connection_age import cause
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.findings import Severity

CHECKOUT = caller("checkout")


def scaled(*ages: float, to: tuple[int, ...] = (1, 1, 0, 0), headless: bool = True) -> Evidence:
    return shop(held(*to), callers=[CHECKOUT], headless=headless, pods=aged(ages), segments=even(90))


def test_young_pods_that_no_client_knows_of_wait_for_an_age_limit() -> None:
    said = found(cause, scaled(60, 60, 5, 5))

    assert (said.explains, said.possible, said.severity) == (1.0, False, Severity.PROBLEM)
    assert "payments-c and payments-d came later than payments-a and payments-b" in texts(said)
    assert "grpc.max_connection_age_ms" in said.fixes[0].advice


@pytest.mark.parametrize(
    "ages", [(60, 60, 0.5, 0.5), (5, 5, 60, 60), (60, 5, 60, 5), (60, 60, 59.98, 59.98)],
    ids=["younger than a minute", "the missing are the oldest", "not the youngest", "a second apart: one rollout"],
)  # fmt: skip
def test_other_ages_are_another_case(ages: tuple[float, ...]) -> None:
    assert silent(cause, scaled(*ages))


def test_all_pods_known_is_health() -> None:
    assert silent(cause, scaled(60, 60, 5, 5, to=(1, 1, 1, 1)))


def test_behind_a_cluster_ip_clients_see_no_pods() -> None:
    assert silent(cause, scaled(60, 60, 5, 5, headless=False))


def test_one_pod_is_pick_first_unless_the_client_was_told_to_take_turns() -> None:
    assert silent(cause, scaled(60, 5, 5, to=(1,)))
    assert CHECKOUT.pod is not None
    told = replace(CHECKOUT.pod, containers=(replace(CHECKOUT.pod.containers[0], env={"LB": "round_robin"}),))
    seen = replace(scaled(60, 5, 5, to=(1,)), callers=(replace(CHECKOUT, pod=told),))

    assert found(cause, seen).possible


def test_pods_of_unknown_age_prove_nothing() -> None:
    assert silent(cause, shop(held(1, 1), callers=[CHECKOUT], headless=True, pods=servers()))


def together(*ready: float, runs: float, to: tuple[int, ...] = (1,)) -> Evidence:
    """All was made at once; the client was told to take turns."""
    turning = begun(CHECKOUT, runs, "--policy=round_robin")
    return shop(held(*to), callers=[turning], headless=True, pods=at_once(*ready), segments=even(90))


@pytest.mark.parametrize(("ready", "to"), [((59, 58, 58), (1,)), ((59, 59, 58, 58), (1, 1))])
def test_pods_made_together_that_were_ready_after_the_client_began_are_not_known_to_it(
    ready: tuple[float, ...], to: tuple[int, ...]
) -> None:
    said = found(cause, together(*ready, runs=58.9, to=to))

    assert said.possible is (len(to) == 1)
    assert "became ready only after checkout had begun, and nobody is connected to them" in texts(said)


@pytest.mark.parametrize(
    ("ready", "runs"), [((59, 0.5, 0.5), 58), ((59, 58.9, 58), 58.5), ((59, 58, 58), 70)],
    ids=["ready for less than a minute", "one was ready before", "connected to a pod that came after it began"],
)  # fmt: skip
def test_of_pods_made_together_others_prove_nothing(ready: tuple[float, ...], runs: float) -> None:
    assert silent(cause, together(*ready, runs=runs))


def test_where_no_server_could_be_looked_at_the_callers_own_sockets_tell() -> None:
    own = own_look(CHECKOUT, ("10.0.0.1", LISTENS), ("10.0.0.2", LISTENS))
    seen = shop(callers=[CHECKOUT], headless=True, pods=aged((60, 60, 5, 5)), sockets=own)

    assert "no connection of checkout leads to them" in texts(found(cause, seen))
    assert silent(cause, replace(seen, sockets=()))
