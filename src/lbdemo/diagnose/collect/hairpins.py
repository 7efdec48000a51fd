"""Connections of a pod to itself through a Service: kube-proxy gives them the address of the node's bridge."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING

from lbdemo.diagnose.collect.nodes import is_nodes, near
from lbdemo.diagnose.connections import lasting_inodes, looks_by_pod, nodes_addresses
from lbdemo.diagnose.looks import ESTABLISHED
from lbdemo.diagnose.own_calls import to_themselves
from lbdemo.diagnose.servers import servers_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from lbdemo.diagnose.evidence import Evidence
    from lbdemo.diagnose.looks import Socket, SocketLook
    from lbdemo.diagnose.servers import Server


def undone(evidence: Evidence) -> Evidence:
    """The evidence with such connections from the pods' own addresses.

    They are those from a node at a server that holds as many connections to the Service as end nowhere else.
    """
    servers, looks, nodes = servers_of(evidence), looks_by_pod(evidence), nodes_addresses(evidence)
    spare = to_themselves(evidence, servers, looks)
    own = {server.name: (server, inodes) for server in servers if server.name in spare
           if 0 < len(inodes := _from_nodes(server, looks[server.name], nodes)) <= spare[server.name]}  # fmt: skip
    return replace(evidence, sockets=tuple(_own(look, *own[look.pod]) if look.pod in own else look
                                           for look in evidence.sockets)) if own else evidence  # fmt: skip


def _from_nodes(server: Server, looks: Sequence[SocketLook], nodes: Collection[str]) -> set[int]:
    """The connections from a node's network in the last look, without kubelets' probes where more looks show them."""
    lasting = lasting_inodes(looks)
    found = {s.inode for s in looks[-1].sockets if _arrives(server, s) and (s.peer in nodes or _first(s.peer, server))}
    return found & lasting if len(looks) > 1 else found


def _arrives(server: Server, socket: Socket) -> bool:
    return socket.state == ESTABLISHED and socket.local_port == server.port and socket.inode > 0


def _first(peer: str, server: Server) -> bool:
    """Whether it is the first address near the server's: that of a bridge."""
    return is_nodes(ip_address(peer), map(near, server.addresses), whole=False)


def _own(look: SocketLook, server: Server, inodes: Collection[int]) -> SocketLook:
    sockets = (replace(s, peer=server.addresses[0]) if s.inode in inodes else s for s in look.sockets)
    return replace(look, sockets=tuple(sockets))
