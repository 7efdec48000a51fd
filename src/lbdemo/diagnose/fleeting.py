"""Connections that do not last: a caller makes a new one for each call, or pods end each before there is a call."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.diagnose.connections import names_by_address, nodes_addresses
from lbdemo.diagnose.looks import TIME_WAIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lbdemo.diagnose.case import Case

LOOKS = 8  # with fewer looks a connection that is seen once may be one that has just begun
SEEN = 3  # different connections, none of them in two looks
CLOSED = 20
"""Connections that ended within the last minute (for so long Linux keeps them in TIME_WAIT), none being held."""
CUT, PART = 5, 0.125
"""Of them so many, and such a part, were ended by pods: who makes a connection for each call ends it itself. Where both
ends give up at once, either may be the first."""


@dataclass(frozen=True, slots=True)
class Fleeting:
    """A caller's connections over all looks: how many different ones, how many of them in two looks or more, and how
    many that were closed less than a minute before, `ended` of them by pods (the end that closes first keeps the socket
    in TIME_WAIT)."""

    looks: int
    seen: int
    lasting: int
    closed: int
    ended: int = 0

    @property
    def passing(self) -> bool:
        """Whether none of the connections that were seen lasts, though the looks were many enough.

        A busy server takes connections late: until then they have no inode, and are known by how many were closed.
        """
        return self._none_lasts and (self.seen > 0 or self.closed >= CLOSED or self.cut_off)

    @property
    def one_a_call(self) -> bool:
        """Whether no connection lasts, there are too many of them for chance, and it is the caller that ends them."""
        enough = self.seen >= SEEN or self.closed >= CLOSED
        return self._none_lasts and enough and not self.cut_off

    @property
    def cut_off(self) -> bool:
        """Whether no connection lasts, for pods end them."""
        return self._none_lasts and self.ended >= max(CUT, PART * self.closed)

    @property
    def _none_lasts(self) -> bool:
        return self.looks >= LOOKS and not self.lasting


NONE = Fleeting(0, 0, 0, 0)


def fleeting(case: Case) -> dict[str, Fleeting]:
    """How long the connections of each caller last; all sockets are gone through once.

    What was closed in a node's network is nobody's: its kubelet's probes are among it.
    """
    seen: dict[str, Counter[tuple[str, int]]] = defaultdict(Counter)
    closed: dict[str, set[tuple[str, int]]] = defaultdict(set)
    evidence, nodes = case.evidence, nodes_addresses(case.evidence)
    names = {address: name for address, name in names_by_address(evidence).items() if address not in nodes}
    for server in case.servers:
        for arrived in case.arrived[server.name]:
            for name, inode in {(n, s.inode) for n, s in arrived.sockets if s.inode}:
                seen[name][server.name, inode] += 1
        for look in case.socket_looks(server.name):
            for s in look.sockets:
                if s.state == TIME_WAIT and s.local_port == server.port and s.peer in names:
                    closed[names[s.peer]].add((server.name, s.peer_port))
    ended = {name: len(connections) for name, connections in closed.items()}
    for name, peer, port in _closed_by_callers(case):
        closed[name].add((peer, port))
    turns = len({look.turn for look in evidence.sockets})
    return {
        name: Fleeting(turns, len(seen[name]), sum(1 for n in seen[name].values() if n > 1), len(closed[name]),
                       ended.get(name, 0))
        for name in {*seen, *closed}
    }  # fmt: skip


def _closed_by_callers(case: Case) -> Iterator[tuple[str, str, int]]:
    """Connections to the service that callers have closed, by their own sockets: caller, address, the caller's port."""
    evidence = case.evidence
    ends = {(address, server.port) for server in case.servers for address in server.addresses}
    ends |= {(address, evidence.port.number) for address in evidence.service.cluster_ips}
    for caller in (one for one in evidence.callers if not one.node):
        for s in (socket for look in case.socket_looks(caller.name) for socket in look.sockets):
            if s.state == TIME_WAIT and (s.peer, s.peer_port) in ends:
                yield caller.name, s.peer, s.local_port
