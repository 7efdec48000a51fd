from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from diagnose.causes.said import commands, found, silent, texts
from diagnose.shops import SHOP, caller, even, held, servers, service, shop

from lbdemo.diagnose.causes.topology_preference import ZONE, cause, preference
from lbdemo.diagnose.evidence import Evidence, Surroundings
from lbdemo.diagnose.findings import Severity
from lbdemo.kube.records.cluster import Node
from lbdemo.kube.records.meta import Meta
from lbdemo.kube.records.pods import Pod

MODE = "service.kubernetes.io/topology-mode"


def node(name: str, zone: str) -> Node:
    return Node(Meta("Node", "", name, {ZONE: zone}), (), "amd64", "linux", "v1.34.0", "", False, (), ())


NODES = (node("node-1", "east"), node("node-2", "west"))


def spread(*names: str) -> tuple[Pod, ...]:
    return tuple(replace(one, node=name) for one, name in zip(servers(), names, strict=True))


def seen(*counts: int, pods: tuple[Pod, ...], **about: Any) -> Evidence:
    made = shop(held(*counts), callers=[caller("checkout")], about=service(**about), pods=pods, segments=even(50),
                surroundings=Surroundings(nodes=NODES))  # fmt: skip
    assert isinstance(made.slices, tuple)
    zones = {one.meta.name: one.meta.labels[ZONE] for one in NODES}
    ends = tuple(replace(end, zone=zones[end.node]) for end in made.slices[0].endpoints)
    return replace(made, slices=(replace(made.slices[0], endpoints=ends),))


def test_a_caller_that_reaches_the_pods_of_its_own_zone_only() -> None:
    pods = spread("node-1", "node-2", "node-2")

    said = found(cause, seen(1, pods=pods, distribution="PreferClose"))

    assert (said.severity, said.explains) == (Severity.PROBLEM, 1.0)
    assert "pods are in east and west, callers in east" in texts(said)
    assert commands(said) == """kubectl -n shop patch service payments -p '{"spec":{"trafficDistribution":null}}'"""
    assert said.fixes[0].undo[0].endswith("""'{"spec":{"trafficDistribution":"PreferClose"}}'""")


def test_a_caller_that_reaches_far_pods_is_kept_by_something_else() -> None:
    said = found(cause, seen(0, 1, pods=spread("node-1", "node-2", "node-2"), distribution="PreferClose"))

    assert (said.severity, said.explains) == (Severity.RISK, 0.0)


def test_all_pods_near_leave_nothing_to_prefer() -> None:
    assert found(cause, seen(1, pods=spread("node-1", "node-1", "node-1"), internal_policy="Local")).explains == 0.0


def test_local_means_the_node() -> None:
    said = found(cause, seen(1, pods=spread("node-1", "node-2", "node-2"), internal_policy="Local"))

    assert said.explains == 1.0
    assert "pods are in node-1 and node-2, callers in node-1" in texts(said)


def test_clients_of_a_headless_service_see_all_pods() -> None:
    assert silent(cause, seen(1, pods=spread("node-1", "node-2", "node-2"), distribution="PreferClose", headless=True))


def test_evenly_used_pods_need_no_remark() -> None:
    pods = spread("node-1", "node-2", "node-2")
    evenly = {name: {"10.0.1.1": 400} for name in ("payments-a", "payments-b", "payments-c")}

    assert silent(cause, shop(held(9, 9, 9), callers=[caller("checkout")], pods=pods, segments=evenly,
                              about=service(distribution="PreferClose")))  # fmt: skip


@pytest.mark.parametrize(("value", "heeded"), [("Auto", True), ("auto", True), ("Disabled", False), ("", False)])
def test_the_annotation_counts_where_it_says_auto(value: str, heeded: bool) -> None:
    one = replace(service(), meta=Meta("Service", SHOP, "payments", annotations={MODE: value}))

    assert (preference(one) is not None) is heeded
