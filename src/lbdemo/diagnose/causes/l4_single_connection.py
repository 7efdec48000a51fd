"""LB101: calls go over a connection or two through a Service that balances connections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from lbdemo.diagnose.called import by_address, only_to_pods
from lbdemo.diagnose.causes.ambient_without_waypoint import without_waypoint
from lbdemo.diagnose.findings import CannotTell, Finding, Line
from lbdemo.diagnose.fixes import choose_in_the_client, mesh_the_callers
from lbdemo.diagnose.images import is_proxy
from lbdemo.diagnose.istio_scope import INJECT, refuses
from lbdemo.diagnose.parts import UNEVEN, part_of, pods, severity_of, short
from lbdemo.diagnose.told import dials
from lbdemo.words import count, listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB101", "l4-single-connection"
NAMED = 4  # callers whose connections are told one by one


def cause(case: Case) -> Iterator[Finding | CannotTell]:
    """Callers without a proxy that hold fewer connections than there are servers, to a Service with an address.

    Where the servers are meshed, or where the caller is itself a proxy, other causes say it more precisely, and in
    ambient mode the one of the waypoint that is missing. Where the servers' sockets could not be seen, uneven calls of
    callers that are told of the Service's name leave hardly anything else; nor do callers' own sockets, where nobody
    counts calls.
    """
    if case.evidence.service.headless or len(case.ready) < 2 or case.servers_meshed:
        return
    if sum(1 for server in case.ready if server.name in case.sockets_seen) < 2:
        yield _unseen(case)
        return
    ambient = without_waypoint(case)
    few = [c for c in case.plain if case.holds_few(c) and not is_proxy(c.pod) and c not in ambient
           and not by_address(case.evidence, c)]  # fmt: skip
    if few:
        yield _finding(case, few)


def _unseen(case: Case) -> Finding | CannotTell:
    told = [caller for caller in case.bare if not is_proxy(caller.pod)]
    ambient = without_waypoint(case)
    few = [c for c in told if 0 < case.dials(c) < len(case.ready) and c not in ambient]
    if few and not case.judged.known:
        return replace(_finding(case, few), evidence=(*_who_dials(case, few), _no_proxy(case, few)),
                       explains=len(few) / len(case.evidence.callers), possible=True)  # fmt: skip
    if not told or case.judged.outcome not in UNEVEN:
        because = "the sockets of less than two servers could be seen: nobody knows who holds connections"
        return CannotTell(CODE, NAME, because, ("sockets",))
    counted = Line(f"calls are {case.judged.outcome}", case.judged.source)
    return replace(_finding(case, told), evidence=(counted, _no_proxy(case, told)), explains=1.0, possible=True)


def _finding(case: Case, few: list[Caller]) -> Finding:
    past = _past_it(case, few)
    return Finding(
        CODE, NAME,
        sentence="Calls go over one connection through a Service that balances connections.",
        severity=severity_of(case),
        evidence=(*_who_holds(case, few), *past, _no_proxy(case, few)),
        fixes=(mesh_the_callers(case, few), choose_in_the_client(case)),
        explains=part_of(case, few),
        possible=any(caller.pod is None for caller in few) or bool(past),
    )  # fmt: skip


def _past_it(case: Case, few: list[Caller]) -> list[Line]:
    """Those whose own sockets show no Service, and that nothing told of it."""
    target = (case.evidence.name, case.evidence.port.number)
    past = [c.name for c in few if only_to_pods(case.evidence, c) and not dials(c.pod, *target)]
    are = f"{pods(past)} {'is' if len(past) == 1 else 'are'} connected to pods' own addresses"
    told = f"{are}: the network translates when they connect, or somebody told them these"
    return [Line(told, "callers' sockets")] if past else []


def _no_proxy(case: Case, few: list[Caller]) -> Line:
    known = [caller.name for caller in few if caller.pod is not None]
    nodes = [short(caller.name) for caller in few if caller.pod is None and caller.node]
    unknown = [caller.name for caller in few if caller.pod is None and not caller.node]
    said = [f"Service {case.evidence.name} has a cluster IP"]
    said += [f"no proxy runs beside {pods(known)}"] if known else []
    wants = [caller.name for caller in few if refuses(caller.pod)]
    said += [f"{pods(wants)} {'asks' if len(wants) == 1 else 'ask'} for none ({INJECT}: false)"] if wants else []
    said += [f"in the network of {listing(nodes)} there is none"] if nodes else []
    said += [f"nobody knows what {listing(unknown)} is"] if unknown else []
    return Line("; ".join(said), "API")


def _who_dials(case: Case, few: list[Caller]) -> Iterator[Line]:
    for caller in few[:NAMED]:
        held = count(case.dials(caller), "connection")
        yield Line(f"{short(caller.name)} holds {held} to {case.evidence.service.cluster_ips[0]}", "callers' sockets")


def _who_holds(case: Case, few: list[Caller]) -> Iterator[Line]:
    for caller in few[:NAMED]:
        held = [f"{count(h.most, 'connection')} to {short(h.server)}" for h in case.held_by(caller)]
        yield Line(f"{short(caller.name)} holds {listing(held)}", "server sockets")
    without = {s.name for s in case.ready if s.name in case.sockets_seen} - {h.server for h in case.held}
    if without:
        some = case.elsewhere or any(caller.found_by == "asked" for caller in few)  # others may be connected
        whose = " of theirs" if some else ""
        yield Line(f"{pods(without)} {'hold' if len(without) > 1 else 'holds'} no connection{whose}", "server sockets")
