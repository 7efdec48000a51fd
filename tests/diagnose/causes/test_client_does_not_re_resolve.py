from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.causes.said import commands, found, silent, texts
from diagnose.shops import LISTENS, aged, caller, held, renewing, shop

from lbdemo.diagnose.causes.client_does_not_re_resolve import cause
from lbdemo.diagnose.causes.no_connection_age import cause as no_age
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.looks import ESTABLISHED, SYN_SENT, Socket, SocketLook

CHECKOUT = caller("checkout")


def seen(
    renewals: int, *, to: tuple[int, ...] = (1, 1, 0, 0), ages: tuple[float, ...] = (60, 60, 5, 5),
    own: str = ESTABLISHED, peer: str = "10.0.0.3", headless: bool = True,
) -> Evidence:  # fmt: skip
    """A scaled service; its caller's own sockets were seen once, unless `own` is ""."""
    one = SocketLook(CHECKOUT.name, 0, 0.0, (Socket("10.0.1.1", 41000, peer, LISTENS, own, 9),))
    made = shop(held(*to), callers=[CHECKOUT], headless=headless, pods=aged(ages), sockets=(one,) if own else ())
    return renewing(made, renewals)


def test_connections_that_are_renewed_again_and_again_and_never_to_later_pods() -> None:
    said = found(cause, seen(3, peer="10.0.0.1"))

    assert (said.severity, said.explains, said.possible) == (Severity.PROBLEM, 1.0, False)
    assert "checkout renewed 3 connections meanwhile" in texts(said)
    assert "payments-c and payments-d came later" in texts(said)
    assert f"dns:///payments.shop.svc.cluster.local:{LISTENS}" in said.fixes[0].advice
    assert commands(said) == "kubectl -n shop rollout restart deployment/checkout"


def test_one_that_was_renewed_may_be_chance_and_what_nobody_sees_may_be_dialled() -> None:
    assert found(cause, seen(1, peer="10.0.0.1")).possible
    assert found(cause, seen(3, own="")).possible


@pytest.mark.parametrize("renewals", [0, 1, 3])
def test_either_servers_never_end_connections_or_clients_never_ask(renewals: int) -> None:
    evidence = seen(renewals, peer="10.0.0.1")

    assert silent(cause, evidence) is (renewals == 0)
    assert silent(no_age, evidence) is (renewals > 0)


@pytest.mark.parametrize(
    "evidence",
    [
        seen(3, to=(1, 1, 1, 1)),
        seen(3, ages=(60, 60, 0.5, 0.5)),
        seen(3, ages=(5, 5, 60, 60)),
        seen(3, own=SYN_SENT),
        seen(3, headless=False),
    ],
)
def test_pods_that_are_known_just_born_older_or_dialled_in_vain_are_another_case(evidence: Evidence) -> None:
    assert silent(cause, evidence)


def test_dialling_somebody_else_does_not_excuse_it() -> None:
    assert not silent(cause, seen(3, own=SYN_SENT, peer="10.9.9.9"))


def test_without_the_pods_ages_nobody_knows() -> None:
    evidence = seen(3)
    assert isinstance(evidence.servers, tuple)
    ageless = tuple(replace(one, meta=replace(one.meta, created="")) for one in evidence.servers)

    assert silent(cause, replace(evidence, servers=ageless))
