"""What stands before a service as several pods: who holds connections to each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.diagnose.ambient import WAYPOINT_CLASS
from lbdemo.diagnose.connections import from_itself
from lbdemo.diagnose.evidence import key
from lbdemo.diagnose.images import is_gateway, is_proxy
from lbdemo.diagnose.looks import ESTABLISHED, LISTEN
from lbdemo.diagnose.path import Choice, Per, calls_of

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Front
    from lbdemo.diagnose.looks import SocketLook
    from lbdemo.kube.records.pods import Pod

CLASS = "gateway.networking.k8s.io/gateway-class-name"
HBONE = 15008
"""Where waypoints take connections."""
ISTIOS = frozenset(range(15000, 15100)) - {HBONE}
"""Ports at which Istio's Envoys are asked how they are: no calls arrive there."""
TIMES = 3  # times as many connections at one pod as at another: chance seldom does that with more than a few
CALLS = 1.5  # times as many calls, where they are counted


@dataclass(frozen=True, slots=True)
class Load:
    """How many connections, and how many calls to the service if they are counted, each pod of a front has."""

    front: Front
    connections: tuple[tuple[str, int], ...]
    calls: tuple[tuple[str, int], ...]

    @property
    def uneven(self) -> bool:
        """Whether one pod has far more connections than another, and where calls are counted more of those, too."""
        held, calls = [n for _, n in self.connections], [n for _, n in self.calls]
        apart = min(held) < max(held) and max(held) >= TIMES * min(held)
        return apart and (not calls or max(calls) >= CALLS * max(1, min(calls)))


def is_front(pod: Pod | None) -> bool:
    """Whether the pod calls for others."""
    return is_proxy(pod) or is_gateway(pod)


def is_waypoint(front: Front) -> bool:
    """Whether Istio's ztunnels send calls there, and not their callers."""
    return any(pod.meta.labels.get(CLASS) == WAYPOINT_CLASS for pod in front.pods)


def leads_to(case: Case) -> Mapping[str, frozenset[str]]:
    """By caller that is a proxy: what its own sockets are connected to at the servers' port, and is no endpoint."""
    ports = {server.port for server in case.servers}
    found = {}
    for caller in case.evidence.callers:
        sockets = case.sockets(caller.name) if is_front(caller.pod) else ()
        ends = {s.peer for s in sockets if s.state == ESTABLISHED and s.peer_port in ports}
        if strangers := frozenset(ends - case.by_address.keys()):
            found[caller.name] = strangers
    return found


def loads(case: Case) -> Iterator[Load]:
    """Those of fronts of several pods, all of whose sockets were seen."""
    return (load for load in hops(case) if len(load.connections) > 1)


def hops(case: Case) -> Iterator[Load]:
    """Those of all fronts, all of whose pods' sockets were seen: the way to the service leads through them."""
    for front in case.evidence.fronts:
        held = [
            (key(pod), _held(front, pod, looks[-1])) for pod in front.pods if (looks := case.socket_looks(key(pod)))
        ]
        if 0 < len(held) == len(front.pods):
            yield Load(front, tuple(held), _calls(case, front))


def choice_before(front: Front) -> Choice:
    """Who chooses one of the front's pods for those who call it."""
    if is_waypoint(front):
        return Choice("ztunnel", Per.CONNECTION, len(front.pods))
    if any(not service.headless for service in front.services):
        return Choice("kube-proxy", Per.CONNECTION, len(front.pods))
    return Choice("who calls it", Per.UNKNOWN, len(front.pods))


def _held(front: Front, pod: Pod, look: SocketLook) -> int:
    """The connections that come to the pod, at the ports of its Services if it listens there."""
    listens = {socket.local_port for socket in look.sockets if socket.state == LISTEN} - ISTIOS
    told = {port.target or port.number for service in front.services for port in service.ports}
    ports = (listens & told) or listens
    return sum(
        1 for s in look.sockets
        if s.state == ESTABLISHED and s.local_port in ports and not from_itself(s, pod.addresses)
    )  # fmt: skip


def _calls(case: Case, front: Front) -> tuple[tuple[str, int], ...]:
    """The calls of each pod to the service; () where nobody knows who calls."""
    names = [key(pod) for pod in front.pods]
    counted = {name: sum(calls_of(case, name).values()) for name in names}
    return tuple(counted.items()) if any(counted.values()) else ()
