"""LB112: the Service also names pods that are not ready, and clients are connected to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import headless_beside
from lbdemo.diagnose.parts import part_of, pods

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.servers import Server

CODE, NAME = "LB112", "publishes-not-ready"


def cause(case: Case) -> Iterator[Finding]:
    """A Service with publishNotReadyAddresses some of whose pods are not ready."""
    unready = [server for server in case.servers if not _truly_ready(server)]
    if not case.evidence.service.unready_too or not unready:
        return
    reached = {held.server for held in case.held}
    there = [server.name for server in unready if server.name in reached]
    callers = [caller for caller in case.active if case.reached(caller).intersection(there)]
    idle = [server for server in case.ready if server.name not in reached]
    theirs = bool(there) or (case.all_sockets_seen and bool(idle))
    explained = theirs and all(server in unready for server in idle)
    apply, undo, target = headless_beside(case)
    yield Finding(
        CODE, NAME,
        sentence=f"The Service publishes pods that are not ready: clients call {pods(s.name for s in unready)}, too.",
        severity=Severity.PROBLEM if there else Severity.RISK,
        evidence=(
            Line(f"Service {case.evidence.name} has publishNotReadyAddresses: true", "API"),
            *([Line(f"{pods(there)}: not ready, and holds connections", "server sockets")] if there else []),
        ),
        fixes=(Fix("a second Service without it for clients; peers keep this one", apply, undo,
                   f"let clients call {target}"),),
        explains=part_of(case, callers or case.active) if explained else 0.0,
    )  # fmt: skip


def _truly_ready(server: Server) -> bool:
    """By the pod itself: with publishNotReadyAddresses its endpoint always says so."""
    return server.pod is None or server.pod.ready
