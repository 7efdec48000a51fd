from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.shops import caller, dialling, servers, shop, socket_looks

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.causes.l4_single_connection import cause
from lbdemo.diagnose.evidence import Caller
from lbdemo.diagnose.findings import CannotTell, Finding, Severity
from lbdemo.diagnose.looks import SYN_SENT, MetricsLook, SocketLook
from lbdemo.diagnose.path import ways
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


def test_as_many_callers_as_chance_needs_are_a_risk_where_calls_are_proven_even() -> None:
    looks = tuple(MetricsLook(f"shop/payments-{letter}", turn, float(turn), "request_total", 900 * turn)
                  for letter in "abc" for turn in range(12))  # fmt: skip

    (found,) = cause(Case(shop(BOTH_AT_A, callers=[CHECKOUT, BATCH], metrics=looks)))

    assert isinstance(found, Finding)
    assert (found.severity, found.explains) == (Severity.RISK, 0.0)


def test_of_who_could_not_be_seen_no_proxy_is_denied() -> None:
    stranger = Caller("10.0.1.1", ("10.0.1.1",), "sockets")

    (found,) = cause(Case(shop({"payments-a": {"10.0.1.1": 1}}, callers=[stranger])))

    assert isinstance(found, Finding)
    assert found.possible
    assert "Service payments has a cluster IP; nobody knows what 10.0.1.1 is" in [line.text for line in found.evidence]


def test_a_connection_for_each_call_is_another_case() -> None:
    one, *others = servers()
    looks = (*socket_looks(one, {"10.0.1.1": 1}, new_each_turn=True), *(e for o in others for e in socket_looks(o, {})))

    assert not list(cause(Case(shop(callers=[CHECKOUT], sockets=looks))))


def test_sockets_of_one_server_of_three_do_not_tell_who_else_holds_connections() -> None:
    seen = shop(BOTH_AT_A, callers=[CHECKOUT, BATCH])
    partly = replace(seen, sockets=tuple(look for look in seen.sockets if look.pod == "shop/payments-a"))

    (said,) = cause(Case(partly))

    assert isinstance(said, CannotTell)


def test_without_the_servers_sockets_it_cannot_tell() -> None:
    (said,) = cause(Case(shop(None, callers=[CHECKOUT])))

    assert isinstance(said, CannotTell)


def test_where_no_pod_could_be_looked_at_the_callers_own_sockets_tell() -> None:
    case = Case(shop(callers=[CHECKOUT, BATCH], sockets=dialling(CHECKOUT)))

    (found,) = cause(case)

    assert isinstance(found, Finding)
    assert (found.possible, found.explains) == (True, 0.5)
    assert found.evidence[0].text == "checkout holds 1 connection to 10.96.3.7"
    checkout, batch = sorted(ways(case), key=lambda way: way.caller, reverse=True)
    assert (checkout.connections, batch.connections) == (1, None)


def test_who_is_told_of_it_and_connected_is_shown_by_its_sockets() -> None:
    told = replace(CHECKOUT, found_by="environment")

    (way,) = ways(Case(shop(callers=[told], sockets=dialling(told))))

    assert way.found_by == "sockets"


@pytest.mark.parametrize(
    "own", [dialling(CHECKOUT, 3), dialling(CHECKOUT, 1, SYN_SENT), ()],
    ids=["as many as pods", "an address that does not answer", "none"],
)  # fmt: skip
def test_other_sockets_of_callers_tell_nothing_of_it(own: tuple[SocketLook, ...]) -> None:
    (found,) = cause(Case(shop(callers=[CHECKOUT], sockets=own)))

    assert isinstance(found, CannotTell)
