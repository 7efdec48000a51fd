"""Who has a sidecar, who has none, and what follows from that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from diagnose.meshes import said
from diagnose.shops import SHOP, caller, servers, service, shop

from lbdemo.diagnose.causes import caller_not_meshed, injected_too_late, l4_single_connection, plaintext_to_strict
from lbdemo.diagnose.causes import upstream_is_virtual_ip as upstream
from lbdemo.diagnose.evidence import Evidence, Surroundings
from lbdemo.diagnose.findings import CannotTell, Finding, Line
from lbdemo.diagnose.looks import TIME_WAIT, ClientLook, Socket, SocketLook
from lbdemo.diagnose.proxies import INBOUND
from lbdemo.kube.answers import Unseen, Why
from lbdemo.kube.records.cluster import Namespace
from lbdemo.kube.records.istio import PeerAuthentication
from lbdemo.kube.records.meta import Meta

ONE = {"payments-a": {"10.0.1.1": 1}}
ALL = {name: {"10.0.1.1": 1} for name in ("payments-a", "payments-b", "payments-c")}
STRICT = PeerAuthentication(Meta("PeerAuthentication", SHOP, "all"), "STRICT")


def seen(labels: dict[str, str] | None = None, proxy: str = "istio-proxy", held: Any = None, **more: Any) -> Evidence:
    space = Namespace(Meta("Namespace", "", SHOP, labels or {}), "Active", ())
    around = more.pop("around", Surroundings(namespaces=(space,)))
    who = more.pop("who", caller("checkout"))
    return shop(ONE if held is None else held, callers=[who], pods=servers(proxy=proxy), surroundings=around, **more)


def codes(evidence: Evidence) -> list[str]:
    rules = (l4_single_connection, caller_not_meshed, injected_too_late)
    return [found.code for rule in rules for found in said(rule.cause, evidence)]


def test_exactly_one_cause_says_why_one_connection_is_used() -> None:
    assert codes(seen(proxy="")) == ["LB101"]
    assert codes(seen()) == ["LB303"]
    assert codes(seen({"istio-injection": "enabled"})) == ["LB304"]
    assert codes(seen({"istio.io/rev": "stable"})) == ["LB304"]
    assert codes(seen({"istio-injection": "disabled"})) == ["LB303"]


def test_callers_with_a_connection_to_each_pod_or_with_a_sidecar_are_other_cases() -> None:
    assert codes(seen(held=ALL)) == []
    assert codes(seen(who=caller("checkout", proxy="istio-proxy"))) == []
    assert codes(seen(about=service(headless=True))) == []


def test_a_pod_that_asks_for_no_sidecar_is_not_made_anew_for_nothing() -> None:
    who = caller("checkout", meta={"labels": {"sidecar.istio.io/inject": "false"}})

    (found,) = said(injected_too_late.cause, seen({"istio-injection": "enabled"}, who=who))

    assert isinstance(found, Finding)
    assert found.fixes[0].commands == ()
    assert "sidecar.istio.io/inject" in found.fixes[0].advice


def test_without_the_namespaces_it_cannot_tell_whether_the_pod_came_too_early() -> None:
    hidden = Surroundings(namespaces=Unseen("namespaces", Why.FORBIDDEN))

    (unknown,) = said(injected_too_late.cause, seen(around=hidden))

    assert isinstance(unknown, CannotTell)


@pytest.mark.parametrize(("proxy", "mine", "told"), [("istio-proxy", "", True), ("istio-proxy", "istio-proxy", False),
                                                     ("", "", False)])  # fmt: skip
def test_plain_text_is_refused_by_servers_with_sidecars_and_to_callers_without(
    proxy: str, mine: str, told: bool
) -> None:
    around = Surroundings(peer_authentications=(STRICT,))

    found = said(plaintext_to_strict.cause, seen(proxy=proxy, who=caller("checkout", proxy=mine), around=around))

    assert bool(found) is told


def test_who_is_refused_beside_others_that_are_answered_is_a_fault_of_its_own() -> None:
    fine, refused = caller("checkout", proxy="istio-proxy"), caller("batch", 2, namespace="front")
    ended = tuple(Socket("10.0.0.1", INBOUND, "10.0.1.2", 40000 + n, TIME_WAIT) for n in range(3))
    one = seen(who=fine, around=Surroundings(peer_authentications=(STRICT,)))
    looks = (*one.sockets, SocketLook("shop/payments-a", 12, 10.0, ended))

    told = (ClientLook("front/batch", refused=4),)
    (found,) = said(plaintext_to_strict.cause, replace(one, callers=(fine, refused), sockets=looks, clients=told))

    assert isinstance(found, Finding)
    assert found.sentence == "The pods refuse plain text, and batch has no sidecar: its calls fail."
    assert (found.aside, found.explains) == (True, 0.0)
    refusals = "pods' sidecars refused 4 connections of batch in the last 10 min"
    assert Line(refusals, "the pods' logs") in found.evidence
    assert Line("pods ended 3 connections of batch within a minute", "server sockets") in found.evidence


def test_what_stands_before_a_service_and_is_a_proxy_by_its_image() -> None:
    def made(image: str, held: Any = None, **more: Any) -> list[Finding | CannotTell]:
        return said(upstream.cause, seen(proxy="", held=held, who=caller(image), **more))

    (found,) = made("nginx")

    assert isinstance(found, Finding)
    assert "nginx" in found.sentence
    assert not made("checkout")
    assert not made("nginx", ALL)
    assert not made("nginx", about=service(headless=True))
