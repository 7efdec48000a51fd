"""Connections that do not last: a caller that makes a new one for each call."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.diagnose.connections import incoming, looks_at
from lbdemo.diagnose.looks import TIME_WAIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lbdemo.diagnose.evidence import Caller, Evidence
    from lbdemo.diagnose.servers import Server

LOOKS = 8  # with fewer looks a connection that is seen once may be one that has just begun
SEEN = 3  # different connections, none of them in two looks
CLOSED = 20
"""Connections that ended within the last minute (for so long Linux keeps them in TIME_WAIT), none being held."""


@dataclass(frozen=True, slots=True)
class Fleeting:
    """A caller's connections over all looks: how many different ones, how many of them in two looks or more, and how
    many that were closed less than a minute before."""

    looks: int
    seen: int
    lasting: int
    closed: int

    @property
    def one_a_call(self) -> bool:
        """Whether no connection lasts, and there are too many of them for chance."""
        enough = self.seen >= SEEN or self.closed >= CLOSED
        return self.looks >= LOOKS and not self.lasting and enough


def fleeting(evidence: Evidence, servers: Sequence[Server], caller: Caller) -> Fleeting:
    """How long the caller's connections last."""
    looks: Counter[tuple[str, int]] = Counter()
    for server in servers:
        for look in looks_at(evidence, server.name):
            mine = (socket for name, socket in incoming(evidence, server, look.sockets) if name == caller.name)
            looks.update({(server.name, socket.inode) for socket in mine if socket.inode})
    turns = len({look.turn for look in evidence.sockets})
    closed = set(_closed_at_servers(evidence, servers, caller)) | set(_closed_at(evidence, servers, caller))
    return Fleeting(turns, len(looks), sum(1 for times in looks.values() if times > 1), len(closed))


def _closed_at_servers(evidence: Evidence, servers: Sequence[Server], caller: Caller) -> Iterator[tuple[str, int]]:
    """Connections of the caller that servers have closed: the server's name and the caller's port."""
    for server in servers:
        for look in looks_at(evidence, server.name):
            for s in look.sockets:
                if s.state == TIME_WAIT and s.local_port == server.port and s.peer in caller.addresses:
                    yield server.name, s.peer_port


def _closed_at(evidence: Evidence, servers: Sequence[Server], caller: Caller) -> Iterator[tuple[str, int]]:
    """Connections to the service that the caller has closed, by its own sockets."""
    ends = {(address, server.port) for server in servers for address in server.addresses}
    ends |= {(address, evidence.port.number) for address in evidence.service.cluster_ips}
    for look in looks_at(evidence, caller.name):
        for s in look.sockets:
            if s.state == TIME_WAIT and (s.peer, s.peer_port) in ends:
                yield s.peer, s.local_port
