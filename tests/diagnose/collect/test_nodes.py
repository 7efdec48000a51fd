"""Addresses of no pod: those of nodes are nobody's who calls."""

from __future__ import annotations

import pytest
from diagnose.shops import pod, shop

from lbdemo.diagnose.collect.nodes import node_addresses
from lbdemo.diagnose.evidence import Evidence, Surroundings
from lbdemo.kube.answers import Unseen, Why
from lbdemo.kube.records.cluster import Node
from lbdemo.kube.records.meta import Meta

BRIDGE, ANOTHER, FAR = "10.0.0.1", "10.0.0.77", "192.0.2.7"
DENIED = Unseen("nodes", Why.FORBIDDEN)


def seen(around: Surroundings) -> Evidence:
    return shop(pods=(pod("payments-a", "10.0.0.5"),), surroundings=around)


def node(*ranges: str) -> Surroundings:
    meta = Meta("Node", "", "node-1")
    return Surroundings(nodes=(Node(meta, (), "amd64", "linux", "v1.34.4", "", False, (), (), ranges),))


def test_nodes_that_tell_their_ranges_are_believed() -> None:
    assert node_addresses([BRIDGE, ANOTHER, FAR], seen(node("10.0.0.64/26")), all_pods_seen=True) == (ANOTHER,)


@pytest.mark.parametrize("around", [node(), Surroundings(nodes=DENIED)], ids=["no ranges", "may not see nodes"])
def test_else_what_is_near_the_servers_and_no_pods_is_a_nodes(around: Surroundings) -> None:
    assert node_addresses([BRIDGE, ANOTHER, FAR], seen(around), all_pods_seen=True) == (BRIDGE, ANOTHER)


def test_near_the_servers_may_be_a_pod_where_not_all_could_be_seen() -> None:
    assert node_addresses([BRIDGE, ANOTHER, FAR], seen(node()), all_pods_seen=False) == (BRIDGE,)
