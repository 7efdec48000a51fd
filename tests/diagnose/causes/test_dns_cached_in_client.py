from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.causes.said import found, silent, texts
from diagnose.shops import CLUSTER_IP, LISTENS, TURNS, caller, held, shop

from lbdemo.diagnose.causes.dns_cached_in_client import cause
from lbdemo.diagnose.evidence import Caller
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.looks import SYN_SENT, Socket, SocketLook

CHECKOUT = caller("checkout")
GONE = "10.0.0.99"


def waits(peer: str = GONE, port: int = LISTENS, turns: int = TURNS) -> tuple[SocketLook, ...]:
    """Looks at the caller, in the last of which it waits for an answer."""
    return tuple(
        SocketLook(CHECKOUT.name, turn, float(turn),
                   (Socket("10.0.1.1", 41000 + turn, peer, port, SYN_SENT),) if turn >= TURNS - turns else ())
        for turn in range(TURNS)
    )  # fmt: skip


def java() -> Caller:
    assert CHECKOUT.pod is not None
    container = replace(CHECKOUT.pod.containers[0], env={"JAVA_TOOL_OPTIONS": "-Xmx1g"})
    return replace(CHECKOUT, pod=replace(CHECKOUT.pod, containers=(container,)))


def test_a_client_that_dials_an_address_that_is_gone() -> None:
    said = found(cause, shop({}, callers=[CHECKOUT], headless=True, sockets=waits()))

    assert (said.severity, said.possible) == (Severity.PROBLEM, True)
    assert GONE in texts(said)


def test_of_java_it_is_known_why() -> None:
    said = found(cause, shop({}, callers=[java()], headless=True, sockets=waits()))

    assert not said.possible
    assert "sun.net.inetaddr.ttl" in said.fixes[0].advice


@pytest.mark.parametrize(
    "looks", [waits("10.0.0.2"), waits(port=5432), waits(turns=2)],
    ids=["a pod that is slow to answer", "another service", "a moment"],
)  # fmt: skip
def test_other_dials_are_another_matter(looks: tuple[SocketLook, ...]) -> None:
    assert silent(cause, shop({}, callers=[CHECKOUT], headless=True, sockets=looks))


def test_behind_a_cluster_ip_clients_know_no_pods() -> None:
    assert silent(cause, shop({}, callers=[CHECKOUT], sockets=waits()))
    assert silent(cause, shop({}, callers=[CHECKOUT], sockets=waits(CLUSTER_IP)))


def test_who_is_connected_to_others_may_dial_another_service_of_the_same_port() -> None:
    said = found(cause, shop(held(1, 1, 1), callers=[java()], headless=True, sockets=waits()))

    assert (said.severity, said.possible) == (Severity.RISK, True)


def test_what_a_sidecar_dials_is_not_the_clients_choice() -> None:
    assert silent(cause, shop({}, callers=[caller("checkout", proxy="istio-proxy")], headless=True, sockets=waits()))
