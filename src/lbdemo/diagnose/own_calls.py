"""Servers that call the Service which they stand behind, and are given themselves."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from lbdemo.diagnose.looks import ESTABLISHED
from lbdemo.diagnose.proxies import proxy_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from lbdemo.diagnose.evidence import Evidence
    from lbdemo.diagnose.looks import Socket, SocketLook
    from lbdemo.diagnose.servers import Server
    from lbdemo.kube.records.services import Service

End = tuple[str, int]


def to_themselves(
    evidence: Evidence, servers: Collection[Server], looks: Mapping[str, Sequence[SocketLook]]
) -> dict[str, int]:
    """By server: how many connections to Services of these pods it holds that end at none of the other servers.

    Nothing where not all servers' sockets could be seen, and of none with a proxy, which dials for its program.
    """
    last = {server.name: looks[server.name][-1].sockets for server in servers if looks.get(server.name)}
    if len(last) < len(servers):
        return {}
    ends = set(_ends(evidence))
    dialled = {server.name: sum(_open(s) and (s.peer, s.peer_port) in ends for s in last[server.name])
               for server in servers if not proxy_of(server.pod)}  # fmt: skip
    others = Counter(peer for server in servers for peer in _others(server, last[server.name]))
    spare = {server.name: dialled.get(server.name, 0) - sum(others[each] for each in server.addresses)
             for server in servers}  # fmt: skip
    return {name: number for name, number in spare.items() if number > 0}


def _open(socket: Socket) -> bool:
    return socket.state == ESTABLISHED


def _others(server: Server, sockets: Sequence[Socket]) -> Iterator[str]:
    """Who else is connected to the server's port."""
    for socket in sockets:
        if _open(socket) and socket.local_port == server.port and socket.peer not in server.addresses:
            yield socket.peer


def _ends(evidence: Evidence) -> Iterator[End]:
    for service in (evidence.service, *_beside(evidence)):
        yield from ((address, port.number) for address in service.cluster_ips for port in service.ports)


def _beside(evidence: Evidence) -> Iterator[Service]:
    for known in (evidence.surroundings.services, evidence.surroundings.others):
        yield from known if isinstance(known, tuple) else ()
