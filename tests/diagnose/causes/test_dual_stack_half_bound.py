from __future__ import annotations

from dataclasses import replace

from diagnose.causes.said import found, silent, texts
from diagnose.shops import LISTENS, caller, held, shop

from lbdemo.diagnose.causes.dual_stack_half_bound import cause
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.looks import LISTEN, Socket


def seen(*bound: str, both: bool = True) -> Evidence:
    made = shop(held(1, 1, 1), callers=[caller("checkout")])
    assert isinstance(made.slices, tuple)
    listening = tuple(Socket(address, LISTENS, "", 0, LISTEN) for address in bound)
    looks = tuple(replace(look, sockets=(*look.sockets, *listening)) for look in made.sockets)
    six = replace(made.slices[0], address_type="IPv6", endpoints=())
    return replace(made, sockets=looks, slices=(*made.slices, six) if both else made.slices)


def test_pods_that_listen_on_one_family_of_two() -> None:
    said = found(cause, seen("0.0.0.0"))

    assert said.severity is Severity.RISK
    assert "payments-a, payments-b and payments-c: listening on 0.0.0.0" in texts(said)


def test_pods_that_listen_on_both() -> None:
    assert silent(cause, seen("0.0.0.0", "::"))
    assert silent(cause, seen("::")), "Linux takes IPv4 there, too"


def test_one_family_asks_for_no_other() -> None:
    assert silent(cause, seen("0.0.0.0", both=False))


def test_a_listener_that_nobody_saw_is_not_half_of_one() -> None:
    assert silent(cause, seen())
