from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from diagnose.meshes import SIDECAR, calling, said
from diagnose.pasting import pasted, refuses
from diagnose.shops import CLUSTER_IP, PORT, caller, route, service, shop

from lbdemo.diagnose.causes import port_not_grpc, port_number_conflict
from lbdemo.diagnose.evidence import Caller, Surroundings
from lbdemo.diagnose.findings import Finding
from lbdemo.kube.answers import Unseen, Why
from lbdemo.kube.records.istio_listeners import (
    ListenerRule,
    ToldListener,
    parse_envoy_filter,
    parse_service_entry,
    parse_sidecar,
)
from lbdemo.kube.records.meta import Meta

SILENT = service(port=replace(PORT, name="pay", app_protocol=""))
TCP = (route(SIDECAR, "tcp"),)
ANEW = "kubectl -n shop rollout restart deployment/checkout"
SAID = ToldListener(PORT.number, (), "TCP", "/spec/egress/0/port/protocol")


def test_a_port_that_says_grpc_and_is_taken_for_tcp_is_no_matter_of_what_it_says() -> None:
    evidence = shop(**calling(SIDECAR, 9, 0, 0), routes=TCP)

    (found,) = said(port_number_conflict.cause, evidence)

    assert isinstance(found, Finding)
    assert found.possible
    assert found.fixes[1].commands == (ANEW,)
    assert not said(port_not_grpc.cause, evidence)


def test_a_port_that_says_nothing_or_is_read_is_another_case() -> None:
    assert not said(port_number_conflict.cause, shop(**calling(SIDECAR, 9, 0, 0), about=SILENT, routes=TCP))
    assert not said(port_number_conflict.cause, shop(**calling(SIDECAR, 9, 9, 9), routes=(route(SIDECAR),)))
    assert not said(port_number_conflict.cause, shop(**calling(SIDECAR, 9, 9, 9, tcp=True)))


def told(*rules: ListenerRule | Unseen, who: Caller = SIDECAR) -> Finding:
    """What is said where these tell of listeners."""
    [*unseen] = [rule for rule in rules if isinstance(rule, Unseen)]
    seen = unseen[0] if unseen else tuple(rule for rule in rules if isinstance(rule, ListenerRule))
    around = Surroundings(listener_rules=seen)
    evidence = shop(**calling(who, 9, 0, 0), routes=(route(who, "tcp"),), surroundings=around)
    (found,) = said(port_number_conflict.cause, evidence)
    assert isinstance(found, Finding)
    return found


def rule(kind: str, *listeners: ToldListener, namespace: str = "shop", name: str = "db", **more: Any) -> ListenerRule:
    return ListenerRule(Meta(kind, namespace, name), listeners, **more)


def named(kind: str, **spec: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": "db", "namespace": "shop"}, "spec": spec}


def moved(who: Caller, **meta: Any) -> Caller:
    """The caller, with something else in its pod's metadata."""
    assert who.pod is not None
    return replace(who, pod=replace(who.pod, meta=replace(who.pod.meta, **meta)))


NUMBER = {"number": PORT.number, "protocol": "tcp"}
ADDED = {"address": {"socket_address": {"address": CLUSTER_IP, "port_value": PORT.number}}}
FILTER: dict[str, Any] = {
    "configPatches": [{"applyTo": "LISTENER", "patch": {"operation": "ADD", "value": ADDED}}],
}


@pytest.mark.parametrize(("parse", "before"), [
    (parse_sidecar, named("Sidecar", egress=[{"hosts": ["./*"]}, {"port": dict(NUMBER), "hosts": ["./*"]}])),
    (parse_sidecar, named("Sidecar", egress=[{"port": {"number": PORT.number}, "hosts": ["./*"]}])),
    (parse_service_entry, named("ServiceEntry", addresses=[CLUSTER_IP], ports=[dict(NUMBER)])),
    (parse_envoy_filter, named("EnvoyFilter", **FILTER)),
    (parse_envoy_filter, named("EnvoyFilter", **FILTER, workloadSelector={"labels": {"app": "checkout"}})),
])  # fmt: skip
def test_who_told_the_sidecar_so_is_named_and_talked_out_of_it_with_a_way_back(parse: Any, before: Any) -> None:
    who = moved(SIDECAR, labels={"app": "checkout"})

    found = told(parse(before), who=who)

    assert not found.possible
    assert f"{before['kind']} shop/db told it so" in found.sentence
    [fix] = found.fixes
    assert (fix.commands[-1], fix.undo[-1]) == (ANEW, ANEW)
    after = pasted(before, fix.commands[:-1])
    again = parse(after)
    assert told(again, who=who).possible, "it does not claim the port any more"
    assert pasted(after, fix.undo[:-1]) == before
    assert refuses(before, fix.undo[:-1])


def test_what_does_not_hold_for_the_caller_or_the_port_is_not_named() -> None:
    others = (
        rule("Sidecar", replace(SAID, protocol="GRPC")),
        rule("Sidecar", replace(SAID, port=PORT.number + 1)),
        rule("Sidecar", SAID, selector={"app": "batch"}),
        rule("Sidecar", SAID, namespace="elsewhere"),
        rule("ServiceEntry", replace(SAID, addresses=("10.9.9.9",))),
        rule("ServiceEntry", replace(SAID, addresses=(CLUSTER_IP,)), namespace="elsewhere", export_to=(".",)),
        rule("EnvoyFilter"),
    )
    for one in others:
        found = told(one)

        assert found.possible, one
        assert len(found.fixes) == 2


def test_what_holds_from_elsewhere_is_named() -> None:
    entry = rule("ServiceEntry", replace(SAID, addresses=(CLUSTER_IP,)), namespace="elsewhere")

    assert "ServiceEntry elsewhere/db told it so" in told(entry).sentence
    assert "Sidecar istio-system/db told it so" in told(rule("Sidecar", SAID, namespace="istio-system")).sentence


def test_of_several_sidecars_the_nearest_one_holds() -> None:
    whole = rule("Sidecar", SAID, namespace="istio-system", name="whole")
    own = rule("Sidecar", name="own")

    assert told(whole, own).possible
    assert told(own, whole).possible


def test_of_callers_whom_nothing_told_so_it_stays_possible() -> None:
    other = caller("batch", 2, proxy="istio-proxy", namespace="jobs")
    one, two = calling(SIDECAR, 9, 0, 0), calling(other, 9, 0, 0)
    evidence = shop(
        callers=[SIDECAR, other], envoys=one["envoys"] + two["envoys"], routes=(*TCP, route(other, "tcp")),
        surroundings=Surroundings(listener_rules=(rule("Sidecar", SAID),)),
    )  # fmt: skip

    (found,) = said(port_number_conflict.cause, evidence)

    assert isinstance(found, Finding)
    assert found.possible
    assert "Sidecar shop/db" in found.sentence


def test_what_could_not_be_seen_is_looked_for_by_hand() -> None:
    found = told(Unseen("sidecars in namespace shop", Why.FORBIDDEN))

    assert found.possible
    assert "serviceentries" in found.fixes[0].commands[1]
