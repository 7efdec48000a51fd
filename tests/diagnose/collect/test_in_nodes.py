"""Who calls from a node's network is named by its pod or its node, and not by an address of a bridge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from diagnose.shops import pod, service, shop
from fake_api import FakeApi

from lbdemo.diagnose.collect.in_nodes import named, with_bridges
from lbdemo.diagnose.evidence import Caller, Evidence
from lbdemo.kube.answers import Why

BRIDGE, OWN, FAR = "10.0.0.99", "172.18.0.2", "192.0.2.7"


def node(name: str = "node-1", *ranges: str) -> dict[str, Any]:
    return {"kind": "Node", "metadata": {"name": name}, "spec": {"podCIDRs": list(ranges)},
            "status": {"addresses": [{"type": "InternalIP", "address": OWN}]}}  # fmt: skip


def at_node(
    name: str, target: str = "", *, namespace: str = "shop", host: bool = True, on: str = "node-1"
) -> dict[str, Any]:
    env = [{"name": "TARGET", "value": target}] if target else []
    return {
        "kind": "Pod", "metadata": {"name": name, "namespace": namespace},
        "spec": {"nodeName": on, "hostNetwork": host, "containers": [{"name": "app", "image": "app:1", "env": env}]},
        "status": {"phase": "Running", "podIPs": [{"ip": OWN}], "podIP": OWN},
    }  # fmt: skip


def seen(kind: str = "ClusterIP") -> Evidence:
    one = service()
    return shop(pods=(pod("payments-a", "10.0.0.5"),), about=type(one)(one.meta, kind, one.cluster_ips, one.ports, {}))


def strangers(*addresses: str) -> list[Caller]:
    return [Caller(address, (address,), "sockets") for address in addresses]


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi().add(node("node-1", "10.0.0.0/24")) as fake:
        yield fake


def test_the_only_pod_that_is_told_of_the_service_calls(server: FakeApi) -> None:
    server.add(at_node("agent", "payments:8080"), at_node("exporter", namespace="watch"))

    (caller,) = named(server.api(), seen(), strangers(BRIDGE)).callers

    assert (caller.name, caller.node, caller.addresses) == ("shop/agent", "node-1", (OWN, BRIDGE))
    assert caller.pod is not None


def test_the_only_pod_of_the_network_calls(server: FakeApi) -> None:
    server.add(at_node("agent"), at_node("inside", host=False), at_node("elsewhere", on="node-2"))

    (caller,) = named(server.api(), seen(), strangers(BRIDGE)).callers

    assert caller.name == "shop/agent"


@pytest.mark.parametrize("told", ["", "payments:8080"], ids=["none is told of it", "both are"])
def test_of_several_that_may_call_the_node_is_named_with_them(server: FakeApi, told: str) -> None:
    server.add(at_node("agent", told), at_node("other", told), at_node("third", "" if told else "x"))

    (caller,) = named(server.api(), seen(), strangers(BRIDGE)).callers

    assert (caller.name, caller.node, caller.pod) == ("node/node-1", "node-1", None)
    assert caller.one_of[:2] == ("shop/agent", "shop/other")
    assert len(caller.one_of) == (2 if told else 3)


def test_where_outsiders_come_through_the_node_too_no_pod_is_accused(server: FakeApi) -> None:
    server.add(at_node("agent", "payments:8080"))

    (caller,) = named(server.api(), seen("NodePort"), strangers(BRIDGE)).callers

    assert (caller.name, caller.one_of) == ("node/node-1", ("shop/agent",))


def test_two_addresses_of_a_node_are_one_caller(server: FakeApi) -> None:
    (caller,) = named(server.api(), seen(), strangers(BRIDGE, OWN)).callers

    assert (caller.name, caller.addresses, caller.one_of) == ("node/node-1", (BRIDGE, OWN), ())


def test_what_is_no_nodes_stays_an_address_and_nobody_is_asked_without_need(server: FakeApi) -> None:
    (caller,) = named(server.api(), seen(), strangers(FAR)).callers

    assert caller.name == FAR
    asked = len(server.asked)
    assert named(server.api(), seen(), []).callers == ()
    assert len(server.asked) == asked


@pytest.mark.parametrize("may_see", [True, False])
def test_where_nodes_tell_no_ranges_the_pods_near_it_tell_whose_bridge_it_is(may_see: bool) -> None:
    with FakeApi().add(node(), at_node("agent")) as server:
        if not may_see:
            server.forbid("list", "nodes")

        (caller,) = named(server.api(), seen(), strangers(BRIDGE)).callers

    assert caller.name == "shop/agent"


def test_who_may_not_see_pods_everywhere_is_told_of_the_node(server: FakeApi) -> None:
    server.add(at_node("agent", namespace="ops")).forbid("list", "pods")

    found = named(server.api(), seen(), strangers(BRIDGE))

    assert [one.name for one in found.callers] == ["node/node-1"]
    assert [one.why for one in found.unseen] == [Why.FORBIDDEN]


def test_a_named_caller_in_a_nodes_network_has_the_bridges_address_too(server: FakeApi) -> None:
    agent = Caller("shop/agent", (OWN,), "asked", node="node-1")
    inside = Caller("shop/checkout", ("10.0.1.1",), "asked")
    evidence = shop(pods=(pod("payments-a", "10.0.0.5"),), callers=[agent, inside])

    widened = with_bridges(server.api(), evidence, [BRIDGE])

    assert [one.addresses for one in widened] == [(OWN, BRIDGE), ("10.0.1.1",)]


@pytest.mark.parametrize("may_see", [True, False], ids=["nodes are seen", "they are not"])
def test_an_address_that_a_pod_may_have_which_nobody_could_see_is_not_the_nodes(may_see: bool) -> None:
    with FakeApi().add(node("node-1", "10.0.0.0/24"), at_node("agent", "payments:8080")) as server:
        if not may_see:
            server.forbid("list", "nodes")

        found = named(server.api(), seen(), strangers("10.0.0.10", "10.0.0.1"), all_pods_seen=False)

    assert [one.name for one in found.callers] == ["10.0.0.10", "shop/agent"]
