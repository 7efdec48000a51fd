"""Who holds connections to whom: from the sockets of the servers, and from the Envoys of the callers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.diagnose.looks import ESTABLISHED
from lbdemo.diagnose.proxies import INBOUND, ISTIO, proxy_of

if TYPE_CHECKING:
    from lbdemo.diagnose.evidence import Evidence
    from lbdemo.diagnose.looks import Socket, SocketLook
    from lbdemo.diagnose.servers import Server

LOOPBACK = ("127.", "::1")
PROBE = 3.0
"""Seconds that a kubelet's probe hardly takes: its deadline is 1 s, unless somebody has raised it."""


@dataclass(frozen=True, slots=True)
class Held:
    """The connections of one caller to one server over all looks.

    `turns` is how many looks showed the server's sockets, `most` the most connections at once; `inodes` are all that
    were seen, `opened` those that were not there in the first look. `segments` is how many segments with data came in
    meanwhile (about one or two a call), None where nobody counts them.
    """

    caller: str
    server: str
    most: int
    inodes: frozenset[int]
    opened: frozenset[int]
    turns: int
    segments: int | None = None


def names_by_address(evidence: Evidence) -> dict[str, str]:
    """Callers' names by address."""
    return {address: caller.name for caller in evidence.callers for address in caller.addresses}


def nodes_addresses(evidence: Evidence) -> frozenset[str]:
    """The addresses of the nodes that could be seen: kubelets probe from there."""
    nodes = evidence.surroundings.nodes
    told = nodes if isinstance(nodes, tuple) else ()
    return frozenset((*evidence.hosts, *(address for node in told for _, address in node.addresses)))


def looks_at(evidence: Evidence, pod: str) -> tuple[SocketLook, ...]:
    """The looks at the pod's sockets in their order; () when they could not be seen."""
    return tuple(sorted((look for look in evidence.sockets if look.pod == pod), key=lambda look: look.turn))


def incoming(evidence: Evidence, server: Server, sockets: Iterable[Socket]) -> Iterator[tuple[str, Socket]]:
    """The established connections to the server's port, each with its caller's name (its address where unknown).

    Those of the pod itself (a port-forward, its own proxy) are left out, and of those of nodes all that do not last:
    kubelets probe with a new one each time. With a sidecar of Istio the connections to all ports end at the sidecar.
    """
    names, nodes = names_by_address(evidence), nodes_addresses(evidence)
    lasting: frozenset[int] | None = None
    for socket in sockets:
        if not _arrives(server, socket):
            continue
        if socket.peer in nodes and socket.peer not in names:
            lasting = lasting_inodes(evidence, server) if lasting is None else lasting
            if socket.inode not in lasting:
                continue
        yield names.get(socket.peer, socket.peer), socket


def _arrives(server: Server, socket: Socket) -> bool:
    ports = (server.port, INBOUND) if proxy_of(server.pod) == ISTIO else (server.port,)
    own = socket.peer.startswith(LOOPBACK) or socket.peer in server.addresses
    return socket.state == ESTABLISHED and socket.local_port in ports and not own


def lasting_inodes(evidence: Evidence, server: Server) -> frozenset[int]:
    """The connections to the server that lasted longer than a kubelet's probe."""
    first: dict[int, float] = {}
    last: dict[int, float] = {}
    for look in looks_at(evidence, server.name):
        for socket in look.sockets:
            first.setdefault(socket.inode, look.at)
            last[socket.inode] = look.at
    return frozenset(inode for inode in last if inode and last[inode] - first[inode] >= PROBE)


def from_within(evidence: Evidence, server: Server) -> bool:
    """Whether something in the pod itself is connected to the server's port, in the last looks: a port-forward is."""
    looks = looks_at(evidence, server.name)
    return bool(looks) and all(any(_inner(server, socket) for socket in look.sockets) for look in looks[-2:])


def _inner(server: Server, socket: Socket) -> bool:
    own = socket.peer.startswith(LOOPBACK)
    return socket.state == ESTABLISHED and socket.local_port == server.port and own


def held_by_sockets(evidence: Evidence, servers: Iterable[Server]) -> tuple[Held, ...]:
    """Who holds connections to each of the servers whose sockets could be seen."""
    return tuple(held for server in servers for held in _held(evidence, server))


def at_once(evidence: Evidence, servers: Sequence[Server]) -> Mapping[str, int]:
    """By caller: the most connections that it held to all of the servers together in one turn of looks."""
    turns: dict[int, Counter[str]] = {}
    for server in servers:
        for look in looks_at(evidence, server.name):
            held = turns.setdefault(look.turn, Counter())
            held.update(name for name, _ in incoming(evidence, server, look.sockets))
    most: Counter[str] = Counter()
    for held in turns.values():
        most |= held
    return most


def _held(evidence: Evidence, server: Server) -> Iterator[Held]:
    looks = looks_at(evidence, server.name)
    turns = [list(incoming(evidence, server, look.sockets)) for look in looks]
    for caller in sorted({name for turn in turns for name, _ in turn}):
        mine = [[socket for name, socket in turn if name == caller] for turn in turns]
        inodes = [frozenset(socket.inode for socket in turn if socket.inode) for turn in mine]
        everything = frozenset().union(*inodes)
        yield Held(
            caller, server.name, max(map(len, mine)), everything, everything - inodes[0], len(looks), grown(mine)
        )


def grown(turns: Iterable[Iterable[Socket]]) -> int | None:
    """The segments that came in between the first and the last look; None where TCP_INFO was not read."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for number, turn in enumerate(turns):
        for socket in turn:
            if socket.segments_in is None:
                return None
            first.setdefault(socket.inode, socket.segments_in if number == 0 else 0)
            last[socket.inode] = socket.segments_in
    return sum(last[inode] - first[inode] for inode in last)
