from __future__ import annotations

from diagnose.shops import caller, shop

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.causes.l4_single_connection import cause
from lbdemo.diagnose.findings import CannotTell, Finding
from lbdemo.measure.verdict import Outcome

CHECKOUT, BATCH = caller("checkout", 1), caller("batch", 2)
BOTH_AT_A = {"payments-a": {"10.0.1.1": 1, "10.0.1.2": 1}}


def test_two_callers_with_a_connection_each_through_a_cluster_ip_are_explained_whole() -> None:
    case = Case(shop(BOTH_AT_A, callers=[CHECKOUT, BATCH], segments={"payments-a": {"10.0.1.1": 50, "10.0.1.2": 2}}))

    (found,) = cause(case)

    assert case.judged.outcome is Outcome.PINNED
    assert isinstance(found, Finding)
    assert found.explains == 1.0
    assert "payments-b and payments-c hold no connection" in [line.text for line in found.evidence]


def test_the_part_of_each_caller_is_that_of_its_calls() -> None:
    meshed = caller("batch", 2, proxy="istio-proxy")

    (found,) = cause(
        Case(shop(BOTH_AT_A, callers=[CHECKOUT, meshed], segments={"payments-a": {"10.0.1.1": 75, "10.0.1.2": 25}}))
    )

    assert isinstance(found, Finding)
    assert found.explains == 0.75


def test_a_headless_service_is_another_case() -> None:
    assert not list(cause(Case(shop(BOTH_AT_A, callers=[CHECKOUT, BATCH], headless=True))))


def test_as_many_connections_as_servers_are_another_case() -> None:
    held = {name: {"10.0.1.1": 1} for name in ("payments-a", "payments-b", "payments-c")}

    assert not list(cause(Case(shop(held, callers=[CHECKOUT]))))


def test_without_the_servers_sockets_it_cannot_tell() -> None:
    (said,) = cause(Case(shop(None, callers=[CHECKOUT])))

    assert isinstance(said, CannotTell)
