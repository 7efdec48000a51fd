"""Calls of the same pods by several Services: which are this one's, so that no other's are taken for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lbdemo.diagnose.called import (
    PODS,
    SOME_MODE,
    beside,
    by_address,
    by_pods,
    leads,
    port_of,
    services_called,
    translates_at_the_node,
)
from lbdemo.diagnose.case import Case
from lbdemo.diagnose.path import likely_by, ways
from lbdemo.diagnose.servers import servers_of
from lbdemo.kube.answers import Unseen

if TYPE_CHECKING:
    from lbdemo.diagnose.evidence import Caller, Evidence, Surroundings
    from lbdemo.diagnose.looks import Socket, SocketLook
    from lbdemo.diagnose.path import Way
    from lbdemo.kube.records.services import EndpointSlice, Service

Names = frozenset[str]


@dataclass(frozen=True, slots=True)
class Apart:
    """What is judged, and by which Service its callers call: the one that was asked about, unless all callers are
    known to call by another one of the very same pods.

    `others` are the ways of those who call by other Services, with their names; `likely` are callers, with the Service
    by which they most likely call; `unknown` are those of which nobody can tell, and `names` the other Services by
    which these, and whom only counters show, may call.
    """

    judged: Evidence
    others: tuple[tuple[str, Way], ...] = ()
    unknown: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    likely: tuple[tuple[str, str], ...] = ()


def apart(evidence: Evidence) -> Apart:
    """The evidence without what is another Service's, as far as that can be told."""
    services = beside(evidence)
    if not services:
        return Apart(evidence)
    called = {caller.name: services_called(evidence, caller) for caller in evidence.callers}
    case = Case(evidence)
    active = [caller.name for caller in case.active]
    likely = {caller.name: by for caller in case.plain if not called[caller.name] and (by := _likely(case, caller))}
    dialled = {caller.name for caller in case.plain if by_address(evidence, caller)}
    unknown = tuple(name for name in active if not called[name] and name not in likely and name not in dialled)
    names = tuple(one.meta.name for one in services)
    if (only := _only(evidence, [called[name] for name in active])) is not None:
        return Apart(as_if(evidence, only), names=tuple(name for name in names if name != only.meta.name))
    theirs = tuple((one.meta.name, way) for one in services for way in _ways(evidence, one, called))
    mine = _of(evidence, evidence.name, called) if theirs else evidence
    return Apart(mine, theirs, unknown, names, tuple(likely.items()))


def _likely(case: Case, caller: Caller) -> str:
    return likely_by(case, caller, {held.server: held.most for held in case.held_by(caller)})


def _only(evidence: Evidence, called: list[Names]) -> Service | None:
    """The other Service by which all callers call, where it is one of the very same pods."""
    by = frozenset().union(*called)
    if len(by) != 1 or evidence.name in by or not all(called):
        return None
    mine = evidence.service.selector
    return next((one for one in beside(evidence) if one.meta.name in by and one.selector == mine), None)


def _ways(evidence: Evidence, service: Service, called: Mapping[str, Names]) -> tuple[Way, ...]:
    name = service.meta.name
    return ways(Case(as_if(_of(evidence, name, called), service))) if any(name in by for by in called.values()) else ()


def as_if(evidence: Evidence, service: Service) -> Evidence:
    """The evidence as if this other Service of the pods had been asked about."""
    port = port_of(evidence, service) or evidence.port
    around = evidence.surroundings
    known = around.services if isinstance(around.services, tuple) else ()
    siblings = (evidence.service, *(one for one in known if one.meta.name != service.meta.name))
    slices = evidence.slices
    if not isinstance(slices, Unseen):
        slices = tuple(_as_if(one, evidence, service, port.name) for one in slices)
    return replace(evidence, service=service, port=port, slices=slices, surroundings=replace(around, services=siblings))


def _as_if(one: EndpointSlice, evidence: Evidence, service: Service, port: str) -> EndpointSlice:
    """The endpoints that the Service selects, with the name that it has for their port."""
    pods = evidence.servers if isinstance(evidence.servers, tuple) else ()
    left_out = {pod.name for pod in pods if not service.selector.items() <= pod.meta.labels.items()}
    wider = service.selector.items() <= evidence.service.selector.items()
    ports = tuple(replace(each, name=port) for each in one.ports if each.name == evidence.port.name)
    return replace(one, ports=ports, endpoints=tuple(e for e in one.endpoints if wider or e.target not in left_out))


def _of(evidence: Evidence, name: str, called: Mapping[str, Names]) -> Evidence:
    """The evidence of those who call by this Service (or of whom nobody can tell, if it is the one that was asked
    about): others' connections are left out, and so are counters that know no callers."""
    served = {server.name for server in servers_of(evidence)}
    owners = _Owners(evidence, called)
    looks = tuple(_filtered(one, owners, name) if one.pod in served else one for one in evidence.sockets)
    callers = tuple(one for one in evidence.callers if name in (called[one.name] or {evidence.name}))
    return replace(evidence, callers=callers, sockets=looks, metrics=(), scrapes=None, surroundings=_around(evidence))


def _around(evidence: Evidence) -> Surroundings:
    """What else is known, and what the sockets of those who are left out tell of kube-proxy."""
    around = evidence.surroundings
    known = not around.proxy_mode and translates_at_the_node(evidence)
    return replace(around, proxy_mode=SOME_MODE) if known else around


def _filtered(look: SocketLook, owners: _Owners, name: str) -> SocketLook:
    return replace(look, sockets=tuple(one for one in look.sockets if owners.of(one) == name))


class _Owners:
    """Whose each connection to a server is: by the caller's own port where its sockets tell, else by its address."""

    def __init__(self, evidence: Evidence, called: Mapping[str, Names]) -> None:
        self._own = evidence.name
        self._ports = {(address, port): by for caller in evidence.callers for port, by in _ports(evidence, caller)
                       for address in caller.addresses}  # fmt: skip
        self._addresses = {address: next(iter(by)) for caller in evidence.callers
                           if len(by := called[caller.name]) == 1 for address in caller.addresses}  # fmt: skip

    def of(self, socket: Socket) -> str:
        """The Service's name; the one that was asked about where nobody can tell."""
        by_address = self._addresses.get(socket.peer, self._own)
        return self._ports.get((socket.peer, socket.peer_port), by_address)


def _ports(evidence: Evidence, caller: Caller) -> list[tuple[int, str]]:
    found = [(port, by_pods(evidence, caller) if name == PODS else name)
             for port, name in leads(evidence, caller).items()]  # fmt: skip
    return [(port, name) for port, name in found if name]
