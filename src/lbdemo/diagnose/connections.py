"""Who holds connections to whom: from the sockets of the servers, and from the Envoys of the callers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.diagnose.looks import ESTABLISHED, TIME_WAIT
from lbdemo.diagnose.own_calls import to_themselves
from lbdemo.diagnose.proxies import INBOUND, ISTIO, proxy_of

if TYPE_CHECKING:
    from lbdemo.diagnose.evidence import Caller, Evidence
    from lbdemo.diagnose.looks import Socket, SocketLook
    from lbdemo.diagnose.servers import Server

LOOPBACK = ("127.", "::1")
PROBE = 3.0
"""Seconds that a kubelet's probe hardly takes: its deadline is 1 s, unless somebody has raised it."""


@dataclass(frozen=True, slots=True)
class Held:
    """The connections of one caller to one server over all looks.

    `most` is the most connections at once; `inodes` are all that were seen. `segments` is how many segments with data
    came in meanwhile (about one or two a call), None where nobody counts them.
    """

    caller: str
    server: str
    most: int
    inodes: frozenset[int]
    segments: int | None = None

    @property
    def renewed(self) -> int:
        """How many connections took the place of others."""
        return len(self.inodes) - self.most


@dataclass(frozen=True, slots=True)
class Arrived:
    """One look at a server: the connections to its port, each with its caller's name (its address where unknown)."""

    turn: int
    at: float
    sockets: tuple[tuple[str, Socket], ...]


def names_by_address(evidence: Evidence) -> dict[str, str]:
    """Callers' names by address."""
    return {address: caller.name for caller in evidence.callers for address in caller.addresses}


def nodes_addresses(evidence: Evidence) -> frozenset[str]:
    """The addresses of the nodes that could be seen: kubelets probe from there."""
    nodes = evidence.surroundings.nodes
    told = nodes if isinstance(nodes, tuple) else ()
    return frozenset((*evidence.hosts, *(address for node in told for _, address in node.addresses)))


def looks_by_pod(evidence: Evidence) -> dict[str, tuple[SocketLook, ...]]:
    """The looks at the sockets of each pod in their order. A pod whose sockets could not be seen is not among them."""
    found: dict[str, list[SocketLook]] = {}
    for look in sorted(evidence.sockets, key=lambda look: look.turn):
        found.setdefault(look.pod, []).append(look)
    return {pod: tuple(looks) for pod, looks in found.items()}


def arrived(
    evidence: Evidence, servers: Iterable[Server], looks: Mapping[str, Sequence[SocketLook]]
) -> dict[str, tuple[Arrived, ...]]:
    """By server, look by look: the established connections to its port.

    Those of the pod itself (a port-forward, its own proxy) are left out, and of those of nodes, whoever else calls from
    there, all that do not last: kubelets probe with a new one each time. With a sidecar of Istio the connections to all
    ports end at the sidecar. What a pod calls through the Service, and is given itself, is no less a call.
    """
    names, kubelets = names_by_address(evidence), nodes_addresses(evidence)
    every = tuple(servers)
    own = to_themselves(evidence, every, looks)
    return {
        server.name: tuple(_arrived(server, looks.get(server.name, ()), names, kubelets, own=server.name in own))
        for server in every
    }


def _arrived(
    server: Server, looks: Sequence[SocketLook], names: Mapping[str, str], kubelets: frozenset[str], *, own: bool
) -> Iterator[Arrived]:
    lasting = lasting_inodes(looks)
    for look in looks:
        comes = [s for s in look.sockets if _arrives(server, s, own=own)]
        came = [s for s in comes if s.peer not in kubelets or s.inode in lasting]
        yield Arrived(look.turn, look.at, tuple((names.get(s.peer, s.peer), s) for s in came))


def _arrives(server: Server, socket: Socket, state: str = ESTABLISHED, *, own: bool = False) -> bool:
    ports = (server.port, INBOUND) if proxy_of(server.pod) == ISTIO else (server.port,)
    comes = socket.state == state and socket.local_port in ports
    return comes and (not from_itself(socket, server.addresses) or (own and socket.peer in server.addresses))


def ended(server: Server, looks: Sequence[SocketLook], peers: Collection[str]) -> int:
    """How many connections of these addresses the server ended itself within the last minute (and while watched)."""
    return len({(s.peer, s.peer_port) for s in _ended(server, looks) if s.peer in peers})


def ended_with(server: Server, looks: Sequence[SocketLook]) -> frozenset[str]:
    """Who had connections that the server has ended, those of its kubelet among them."""
    return frozenset(socket.peer for socket in _ended(server, looks))


def _ended(server: Server, looks: Sequence[SocketLook]) -> Iterator[Socket]:
    return (socket for look in looks for socket in look.sockets if _arrives(server, socket, TIME_WAIT))


def from_itself(socket: Socket, addresses: Collection[str]) -> bool:
    """Whether the other end is in the same pod, which has these addresses."""
    return socket.peer.startswith(LOOPBACK) or socket.peer in addresses


def lasting_inodes(looks: Iterable[SocketLook]) -> frozenset[int]:
    """The connections of one pod that lasted longer than a kubelet's probe."""
    first: dict[int, float] = {}
    last: dict[int, float] = {}
    for look in looks:
        for socket in look.sockets:
            first.setdefault(socket.inode, look.at)
            last[socket.inode] = look.at
    return frozenset(inode for inode in last if inode and last[inode] - first[inode] >= PROBE)


def from_within(server: Server, looks: Sequence[SocketLook]) -> bool:
    """Whether something in the pod itself is connected to the server's port, in the last looks: a port-forward is."""
    return bool(looks) and all(any(_inner(server, socket) for socket in look.sockets) for look in looks[-2:])


def _inner(server: Server, socket: Socket) -> bool:
    own = socket.peer.startswith(LOOPBACK)
    return socket.state == ESTABLISHED and socket.local_port == server.port and own


def held_by_sockets(looks: Mapping[str, Sequence[Arrived]]) -> tuple[Held, ...]:
    """Who holds connections to each of the servers whose sockets could be seen."""
    return tuple(held for server, arrived in looks.items() for held in _held(server, arrived))


def held_by_callers(
    callers: Iterable[Caller], servers: Collection[Server], looks: Mapping[str, Sequence[SocketLook]]
) -> Iterator[Held]:
    """Who holds connections to these servers, by the callers' own sockets: those that lead to pods' own addresses."""
    for caller in callers:
        for server in servers:
            mine = [[one for one in look.sockets if _leads_to(server, one)] for look in looks.get(caller.name, ())]
            if any(mine):
                inodes = frozenset(socket.inode for turn in mine for socket in turn if socket.inode)
                yield Held(caller.name, server.name, max(map(len, mine)), inodes)


def _leads_to(server: Server, socket: Socket) -> bool:
    there = socket.peer in server.addresses and socket.peer_port == server.port
    return there and socket.state == ESTABLISHED


def at_once(looks: Mapping[str, Sequence[Arrived]]) -> Mapping[str, int]:
    """By caller: the most connections that it held to all of the servers together in one turn of looks."""
    turns: dict[int, Counter[str]] = {}
    for each in looks.values():
        for look in each:
            turns.setdefault(look.turn, Counter()).update(name for name, _ in look.sockets)
    most: Counter[str] = Counter()
    for held in turns.values():
        most |= held
    return most


def _held(server: str, looks: Sequence[Arrived]) -> Iterator[Held]:
    for caller in sorted({name for look in looks for name, _ in look.sockets}):
        mine = [[socket for name, socket in look.sockets if name == caller] for look in looks]
        inodes = frozenset(socket.inode for turn in mine for socket in turn if socket.inode)
        yield Held(caller, server, max(map(len, mine)), inodes, grown(mine))


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
