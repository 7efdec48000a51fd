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

REFUSING = caller("checkout", meta={"labels": {"sidecar.istio.io/inject": "false"}})


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
    (found,) = said(injected_too_late.cause, seen({"istio-injection": "enabled"}, who=REFUSING))

    assert isinstance(found, Finding)
    assert found.sentence.endswith("and its pod asks for none.")
    (fix,) = found.fixes
    mark = "/spec/template/metadata/labels/sidecar.istio.io~1inject"
    change = f'[{{"op":"test","path":"{mark}","value":"false"}},{{"op":"remove","path":"{mark}"}}]'
    assert fix.commands == (f"kubectl -n shop patch deployment checkout --type json -p '{change}'",)
    assert '{"labels":{"sidecar.istio.io/inject":"false"}}' in fix.undo[0]


def test_beside_one_that_is_older_than_the_label_each_has_its_own_remedy() -> None:
    two = seen({"istio-injection": "enabled"}, who=REFUSING, held={"payments-a": {"10.0.1.1": 1, "10.0.1.2": 1}})

    (found,) = said(injected_too_late.cause, replace(two, callers=(REFUSING, caller("batch", 2))))

    assert isinstance(found, Finding)
    assert found.fixes[0].commands == ("kubectl -n shop rollout restart deployment/batch",)
    assert "patch deployment checkout" in found.fixes[1].commands[0]


def test_where_servers_have_no_sidecars_either_the_refusal_is_named_and_taken_away() -> None:
    (found,) = said(l4_single_connection.cause, seen(proxy="", who=REFUSING))

    assert isinstance(found, Finding)
    assert "checkout asks for none (sidecar.istio.io/inject: false)" in found.evidence[-1].text
    commands, undo = found.fixes[0].commands, found.fixes[0].undo
    assert commands[0].startswith("kubectl label namespace shop istio-injection=enabled")
    assert [line.split(" --type")[0] for line in commands[1:]] == ["kubectl -n shop patch deployment checkout"]
    assert [line.split(" -p")[0] for line in undo[1:]] == ["kubectl -n shop patch deployment checkout --type merge"]


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
