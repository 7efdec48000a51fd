from __future__ import annotations

import pytest
from diagnose.causes.said import found, silent, texts
from diagnose.shops import CLUSTER_IP, PORT, aged, caller, held, shop

from lbdemo.diagnose.causes.ipvs_sticky import cause
from lbdemo.diagnose.evidence import Evidence, Surroundings
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.looks import ESTABLISHED, SYN_SENT, Socket, SocketLook

WHO = caller("checkout")


def seen(*connections: int, mode: str = "ipvs", state: str = "", peer: str = CLUSTER_IP,
         headless: bool = False) -> Evidence:  # fmt: skip
    """Pods of different ages with so many connections, and a socket of the caller's in that state."""
    own = SocketLook(WHO.name, 0, 0.0, (Socket("10.0.1.1", 41000, peer, PORT.number, state, 9),) if state else ())
    return shop(held(*connections), callers=[WHO], pods=aged([60, 40, 20]), sockets=(own,), headless=headless,
                surroundings=Surroundings(proxy_mode=mode))  # fmt: skip


def test_the_older_pods_hold_more() -> None:
    said = found(cause, seen(16, 8, 2))

    assert (said.severity, said.explains, said.possible) == (Severity.PROBLEM, 1.0, True)
    assert "payments-a 16, payments-b 8 and payments-c 2" in texts(said)


def test_dialling_that_nobody_answers() -> None:
    said = found(cause, seen(1, 1, 1, state=SYN_SENT))

    assert (said.severity, said.explains, said.possible) == (Severity.RISK, 0.0, True)
    assert f"checkout waits for an answer of {CLUSTER_IP}" in texts(said)


@pytest.mark.parametrize("mode", ["iptables", "nftables", ""])
def test_in_other_modes_it_has_other_causes(mode: str) -> None:
    assert silent(cause, seen(16, 8, 2, mode=mode))
    assert silent(cause, seen(1, 1, 1, mode=mode, state=SYN_SENT))


def test_connections_that_are_there_other_addresses_and_headless_services_are_none_of_it() -> None:
    assert silent(cause, seen(1, 1, 1, state=ESTABLISHED))
    assert silent(cause, seen(1, 1, 1, state=SYN_SENT, peer="10.96.9.9"))
    assert silent(cause, seen(8, 16, 2))
    assert silent(cause, seen(16, 8, 2, headless=True))
