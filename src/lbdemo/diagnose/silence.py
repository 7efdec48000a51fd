"""Callers that are told of the service, and of which no pod has seen anything; and at which ports they look for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lbdemo.diagnose.complaints import meant
from lbdemo.diagnose.findings import Line
from lbdemo.diagnose.looks import SYN_SENT
from lbdemo.diagnose.parts import short
from lbdemo.diagnose.told import ports_dialled, xds_target
from lbdemo.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

TOLD = ("asked", "environment")
"""How callers are found of whom nobody knows yet whether they call."""


def silent(case: Case) -> tuple[Caller, ...]:
    """The pods that could call, and of which no ready pod holds a connection, nor held one within the last minute.

    None of which neither its own sockets nor those of all pods could be seen: there may be connections.
    """
    return tuple(one for one in case.evidence.callers if one.found_by in TOLD and _silent(case, one))


def _silent(case: Case, caller: Caller) -> bool:
    known = caller in case.active or case.dials(caller) or case.fleeting(caller).closed
    return caller.pod is not None and case.sees_connections(caller) and not known


def in_vain(case: Case, caller: Caller) -> tuple[int, ...]:
    """The ports that the caller is told to call at the service's name, where the Service has none of them.

    Who knows pods by a headless Service may call any port at which they listen; a control plane knows names (LB322).
    """
    service = case.evidence.service
    if xds_target(caller.pod, case.evidence.name):
        return ()
    there = {port.number for port in service.ports}
    there |= {server.port for server in case.servers} if service.headless else set()
    told = ports_dialled(caller.pod, case.evidence.name)
    return () if there.intersection(told) else tuple(sorted(told))


def knocking(case: Case, caller: Caller) -> tuple[tuple[str, int], ...]:
    """Where at the Service's own addresses the caller tries to connect, and gets no answer, by its own sockets."""
    sockets = case.sockets(caller.name)
    tried = {(s.peer, s.peer_port) for s in sockets if s.state == SYN_SENT}
    return tuple(sorted(end for end in tried if end[0] in case.evidence.service.cluster_ips))


def knocks(case: Case, caller: Caller) -> Iterator[Line]:
    """A line for each place where it tries in vain."""
    for address, port in knocking(case, caller):
        yield Line(f"{short(caller.name)} tries {address}:{port}, and nobody answers", "callers' sockets")


def complained(case: Case, caller: Caller) -> Iterator[Line]:
    """A line for each of the two things that the caller's log complains of most."""
    for said in case.client(caller).complaints[:2]:
        times = count(said.times, "line")
        yield Line(f"{short(caller.name)} says in {times} of the last 10 min: {meant(said)}", "the callers' logs")


def unreached(case: Case, caller: Caller) -> Line:
    """That no pod has seen anything of it."""
    return Line(f"no pod has a connection of {short(caller.name)}", case.whose_sockets)
