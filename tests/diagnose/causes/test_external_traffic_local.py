from __future__ import annotations

from dataclasses import replace
from typing import Any

from diagnose.causes.said import commands, found, silent, texts
from diagnose.shops import caller, held, servers, service, shop

from lbdemo.diagnose.causes.external_traffic_local import cause
from lbdemo.diagnose.evidence import Caller, Evidence
from lbdemo.diagnose.findings import Severity

OUTSIDE = Caller("203.0.113.9", ("203.0.113.9",), "sockets")


def seen(*nodes: str, who: Caller = OUTSIDE, policy: str = "Local", **more: Any) -> Evidence:
    pods = tuple(replace(one, node=node) for one, node in zip(servers(), nodes, strict=True))
    return shop(held(5, address=who.addresses[0]), callers=[who], pods=pods, about=service(external_policy=policy),
                **more)  # fmt: skip


def test_a_pod_alone_on_its_node_gets_more_from_outside() -> None:
    said = found(cause, seen("one", "two", "two"))

    assert (said.severity, said.explains) == (Severity.PROBLEM, 1.0)
    assert "ready pods: one 1 and two 2" in texts(said)
    assert '{"spec":{"externalTrafficPolicy":"Cluster"}}' in commands(said)


def test_as_many_pods_on_each_node_share_alike() -> None:
    assert silent(cause, seen("one", "two", "three"))
    assert silent(cause, seen("one", "one", "one"))


def test_callers_inside_are_another_matter() -> None:
    assert silent(cause, seen("one", "two", "two", who=caller("checkout")))


def test_other_policies_pass_calls_on() -> None:
    assert silent(cause, seen("one", "two", "two", policy="Cluster"))
