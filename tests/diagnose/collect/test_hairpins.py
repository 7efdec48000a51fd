"""A server that calls its own Service: kube-proxy has what comes back to it come from the node's bridge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from diagnose.shops import CLUSTER_IP, LISTENS, NAMES, PORT, SHOP, pod, shop

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.collect.hairpins import undone
from lbdemo.diagnose.evidence import Caller, Evidence, Surroundings
from lbdemo.diagnose.looks import ESTABLISHED, Socket, SocketLook
from lbdemo.kube.records.cluster import Node
from lbdemo.kube.records.meta import Meta

BRIDGE, OWN = "10.0.0.1", "10.0.0.101"
ADDRESSES = {name: f"10.0.0.10{number}" for number, name in enumerate(NAMES, 1)}
Ends = list[tuple[str, int]]


def seen(
    arrive: Mapping[str, Ends], dialled: int, *, turns: tuple[float, ...] = (0.0, 5.0), nodes: tuple[Node, ...] = ()
) -> Evidence:
    """Two looks at each server; `payments-a` holds so many connections to the Service, `arrive` has (peer, inode)."""
    made = shop({}, pods=[pod(*each) for each in ADDRESSES.items()], surroundings=Surroundings(nodes=nodes))
    looks = tuple(_look(name, turn, at, arrive.get(name, []), dialled if name == NAMES[0] else 0)
                  for turn, at in enumerate(turns) for name in NAMES)  # fmt: skip
    return replace(made, sockets=looks)


def _look(name: str, turn: int, at: float, arrive: Ends, dialled: int) -> SocketLook:
    own = ADDRESSES[name]
    came = (Socket(own, LISTENS, peer, 5000 + inode, ESTABLISHED, inode) for peer, inode in arrive)
    went = (Socket(own, 4000 + n, CLUSTER_IP, PORT.number, ESTABLISHED, 900 + n) for n in range(dialled))
    return SocketLook(f"{SHOP}/{name}", turn, at, (*came, *went))


def peers(evidence: Evidence, name: str) -> list[str]:
    return [s.peer for look in evidence.sockets[-3:] if look.pod == f"{SHOP}/{name}"
            for s in look.sockets if s.local_port == LISTENS]  # fmt: skip


def test_what_comes_back_comes_from_the_pod_itself() -> None:
    found = undone(seen({NAMES[0]: [(BRIDGE, 7)]}, 1))

    assert peers(found, NAMES[0]) == [OWN]


def test_it_is_a_call_of_the_pod() -> None:
    found = undone(seen({NAMES[0]: [(BRIDGE, 7)]}, 1))
    itself = Caller(f"{SHOP}/{NAMES[0]}", (OWN,), "sockets")

    held = Case(replace(found, callers=(itself,))).held

    assert [(one.caller, one.server) for one in held] == [(itself.name, f"{SHOP}/{NAMES[0]}")]


@pytest.mark.parametrize(
    ("arrive", "dialled"),
    [
        ({NAMES[0]: [(BRIDGE, 7)]}, 0),  # it calls nobody
        ({NAMES[0]: [(BRIDGE, 7)], NAMES[1]: [(OWN, 8)]}, 1),  # what it calls is the other one
        ({NAMES[0]: [(BRIDGE, 7), (BRIDGE, 8)]}, 1),  # who knows which
        ({NAMES[0]: [("10.0.0.77", 7)]}, 1),  # another pod calls
        ({NAMES[1]: [(BRIDGE, 7)]}, 1),  # another server is called from the node
    ],
)
def test_what_others_in_the_nodes_network_call_stays_theirs(arrive: dict[str, Ends], dialled: int) -> None:
    before = seen(arrive, dialled)

    assert undone(before) == before


def test_probes_that_come_and_go_hide_nothing() -> None:
    before = seen({NAMES[0]: [(BRIDGE, 7)]}, 1)
    probe = Socket(OWN, LISTENS, BRIDGE, 6000, ESTABLISHED, 55)
    last = SocketLook(before.sockets[-3].pod, 1, 5.0, (*before.sockets[-3].sockets, probe))
    looks = (*before.sockets[:-3], last, *before.sockets[-2:])

    found = undone(replace(before, sockets=looks))

    assert peers(found, NAMES[0]) == [OWN, BRIDGE]


def test_a_node_is_known_by_its_own_address_too() -> None:
    node = Node(Meta("Node", "", "node-1"), (("InternalIP", "192.0.2.9"),), "", "", "", "", False, (), ())

    assert peers(undone(seen({NAMES[0]: [("192.0.2.9", 7)]}, 1, nodes=(node,))), NAMES[0]) == [OWN]
    assert peers(undone(seen({NAMES[0]: [("192.0.2.9", 7)]}, 1)), NAMES[0]) == ["192.0.2.9"]


def test_where_not_all_servers_could_be_seen_nobody_can_tell() -> None:
    whole = seen({NAMES[0]: [(BRIDGE, 7)]}, 1)
    part = tuple(look for look in whole.sockets if look.pod != f"{SHOP}/{NAMES[2]}")
    less = replace(whole, sockets=part)

    assert undone(less) == less
