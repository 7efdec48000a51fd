"""LB101: calls go over a connection or two through a Service that balances connections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import CannotTell, Finding, Line, Severity
from lbdemo.diagnose.fixes import choose_in_the_client, mesh_the_callers
from lbdemo.diagnose.images import is_proxy
from lbdemo.diagnose.parts import part_of, pods, short
from lbdemo.words import count, listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB101", "l4-single-connection"
NAMED = 4  # callers whose connections are told one by one


def cause(case: Case) -> Iterator[Finding | CannotTell]:
    """Callers without a proxy that hold fewer connections than there are servers, to a Service with an address.

    Where the servers are meshed, or where the caller is itself a proxy, other causes say it more precisely.
    """
    if case.evidence.service.headless or len(case.ready) < 2:
        return
    if not case.sockets_seen:
        yield CannotTell(
            CODE, NAME, "no server's sockets could be seen: nobody knows who holds connections", ("sockets",)
        )
        return
    few = [c for c in case.plain if 0 < case.connections(c) < len(case.ready) and not is_proxy(c.pod)]
    if few and not case.servers_meshed:  # else it is the caller's missing proxy: LB303, LB304
        yield _finding(case, few)


def _finding(case: Case, few: list[Caller]) -> Finding:
    name = case.evidence.name
    return Finding(
        CODE, NAME,
        sentence="Calls go over one connection through a Service that balances connections.",
        severity=Severity.PROBLEM,
        evidence=(*_who_holds(case, few), Line(
            f"Service {name} has a cluster IP; no proxy runs beside {pods(c.name for c in few)}", "API"
        )),
        fixes=(mesh_the_callers(few), choose_in_the_client(case)),
        explains=part_of(case, few),
    )  # fmt: skip


def _who_holds(case: Case, few: list[Caller]) -> Iterator[Line]:
    for caller in few[:NAMED]:
        held = [f"{count(h.most, 'connection')} to {short(h.server)}" for h in case.held_by(caller)]
        yield Line(f"{short(caller.name)} holds {listing(held)}", "server sockets")
    without = {s.name for s in case.ready if s.name in case.sockets_seen} - {h.server for h in case.held}
    if without:
        yield Line(f"{pods(without)} {'hold' if len(without) > 1 else 'holds'} no connection", "server sockets")
