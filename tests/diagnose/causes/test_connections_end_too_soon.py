from __future__ import annotations

import pytest
from diagnose.causes.said import found, silent, texts
from diagnose.shops import LISTENS, SECONDS, TURNS, caller, held, servers, shop, socket_looks

from lbdemo.diagnose.causes.connections_end_too_soon import cause
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.looks import ESTABLISHED, Socket, SocketLook

CHECKOUT = caller("checkout")
A, *OTHERS = servers()


def renewed(every: int) -> Evidence:
    """A caller whose connection is another one after so many looks."""
    mine = tuple(
        SocketLook("shop/payments-a", turn, turn * SECONDS / (TURNS - 1),
                   (Socket("10.0.0.1", LISTENS, "10.0.1.1", 41000 + turn // every, ESTABLISHED, 100 + turn // every),))
        for turn in range(TURNS)
    )  # fmt: skip
    return shop(callers=[CHECKOUT], sockets=(*mine, *(e for o in OTHERS for e in socket_looks(o, {}))))


def test_connections_of_two_seconds_are_told() -> None:
    said = found(cause, renewed(2))

    assert said.severity is Severity.RISK
    assert "connections of checkout last for about 2.00 s" in texts(said)
    assert "ENHANCE_YOUR_CALM" in said.fixes[1].advice


@pytest.mark.parametrize("every", [1, 6, 12], ids=["one a call", "renewed once", "never renewed"])
def test_shorter_and_longer_ones_are_other_cases(every: int) -> None:
    assert silent(cause, renewed(every))


def test_a_pool_is_not_renewed_by_being_large() -> None:
    assert silent(cause, shop(held(9, 9, 9), callers=[CHECKOUT]))
