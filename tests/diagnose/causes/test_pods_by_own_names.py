from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from diagnose.causes.said import found, silent, texts
from diagnose.shops import LISTENS, NAMES, PORT, begun, caller, even, held, own_look, service, shop

from lbdemo.diagnose.apart import apart
from lbdemo.diagnose.case import Case
from lbdemo.diagnose.causes.few_callers import cause as few_callers
from lbdemo.diagnose.causes.headless_pick_first import cause as pick_first
from lbdemo.diagnose.causes.l4_single_connection import cause as single
from lbdemo.diagnose.causes.no_connection_age import cause as no_age
from lbdemo.diagnose.causes.pods_by_own_names import cause
from lbdemo.diagnose.causes.round_robin_on_cluster_ip import cause as on_cluster_ip
from lbdemo.diagnose.diagnosis import diagnose
from lbdemo.diagnose.evidence import Evidence, Surroundings
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.path import ADDRESSES, Per, ways


def told(*words: str, to: tuple[int, ...] = (1,), headless: bool = True) -> Evidence:
    who = begun(caller("checkout"), 5, *words)
    return shop(held(*to), callers=[who], headless=headless, segments=even(50))


def test_a_pod_that_is_called_by_its_own_name_is_no_choice_of_anybodys() -> None:
    seen = told("--target=payments-a.payments.shop.svc.cluster.local:9090")

    said = found(cause, seen)

    assert (said.severity, said.explains) == (Severity.NOTE, 1.0), "as it was told to be"
    assert "checkout is told to call payments-a.payments" in texts(said)
    assert silent(pick_first, seen)
    (way,) = ways(Case(seen))
    assert (way.choice.who, way.choice.per, way.choice.among) == ("the client, by pods' own names", Per.CONNECTION, 1)


def test_two_of_three_by_their_names_have_not_come_earlier() -> None:
    seen = told("payments-a.payments:9090,payments-b.payments:9090", "round_robin", to=(1, 1))

    assert "payments-a.payments and payments-b.payments" in texts(found(cause, seen))
    assert silent(no_age, seen)


@pytest.mark.parametrize(
    "evidence",
    [
        told("--target=payments:9090"),
        told("--target=payments-b.payments:9090"),
        told("--target=payments-a.other:9090"),
        told(*(f"payments-{end}.payments:9090" for end in "abc"), to=(1, 1, 1)),
        told("--target=payments-a.payments:9090", headless=False),
    ],
    ids=["the Service", "another pod", "of another Service", "all of them", "a Service with an address"],
)
def test_other_targets_are_another_case(evidence: Evidence) -> None:
    assert silent(cause, evidence)


def by_addresses(*servers: int, mode: str = "iptables", args: tuple[str, ...] = (), **more: Any) -> Evidence:
    """A caller whose own sockets lead to these pods' own addresses; the Service has an address."""
    who = begun(caller("checkout"), 5, *args)
    own = own_look(who, *((f"10.0.0.{number}", LISTENS) for number in servers))
    seen = shop(held(*(int(number in servers) for number in (1, 2, 3))), callers=[who],
                segments=even(50, *(NAMES[number - 1] for number in servers)),
                surroundings=Surroundings(proxy_mode=mode, **more))  # fmt: skip
    return replace(seen, sockets=(*seen.sockets, *own))


@pytest.mark.parametrize("servers", [(1,), (1, 2)])
def test_pods_that_are_called_by_their_addresses_are_nobodys_choice_either(servers: tuple[int, ...]) -> None:
    seen = by_addresses(*servers, args=("round_robin",))

    said = found(cause, seen)

    assert (said.severity, said.explains) == (Severity.NOTE, 1.0)
    assert "checkout is connected to the own address of payments-a" in texts(said)
    assert silent(single, seen)
    assert silent(on_cluster_ip, seen)
    (way,) = ways(Case(seen))
    assert (way.address, way.choice.who, way.choice.among) == ("its pods", ADDRESSES, len(servers))


def test_a_client_that_has_all_addresses_chooses_for_each_call() -> None:
    seen = by_addresses(1, 2, 3)

    assert silent(cause, seen)
    assert silent(few_callers, seen)
    (way,) = ways(Case(seen))
    assert (way.choice.who, way.choice.per) == (ADDRESSES, Per.CALL)


@pytest.mark.parametrize(
    "evidence",
    [
        by_addresses(1, mode=""),
        by_addresses(1, args=("--target=payments:8080",)),
        by_addresses(1, services=(replace(service("payments-pods", headless=True), selector={"app": "payments"}),)),
        by_addresses(1, args=("kubernetes:///payments:8080",)),
    ],
    ids=["a network may translate", "told of the Service", "a headless one beside it", "asked the API server"],
)
def test_who_may_know_addresses_by_a_name_is_another_case(evidence: Evidence) -> None:
    assert silent(cause, evidence)


OTHER = replace(service("orders"), cluster_ips=("10.96.9.9",), selector={"app": "payments"},
                ports=(replace(PORT, target=LISTENS),))  # fmt: skip


def test_nobody_is_said_to_call_by_one_of_several_services_who_calls_by_none() -> None:
    seen = by_addresses(1, services=(OTHER,))

    assert (apart(seen).unknown, apart(seen).names) == ((), ("orders",))


def test_where_the_network_may_have_translated_the_service_is_one_possibility() -> None:
    said = found(single, by_addresses(1, mode=""))

    assert said.possible
    assert "checkout is connected to pods' own addresses" in texts(said)
    assert not found(single, by_addresses(1, mode="", args=("--target=payments:8080",))).possible


def test_what_the_sockets_of_other_services_callers_tell_of_the_network_holds_for_all() -> None:
    theirs = begun(caller("batch", 2), 5)
    seen = by_addresses(1, mode="", services=(OTHER,))
    both = replace(seen, callers=(*seen.callers, theirs),
                   sockets=(*seen.sockets, *own_look(theirs, ("10.96.9.9", PORT.number))))  # fmt: skip

    assert [finding.code for finding in diagnose(both).findings] == ["LB124"]
