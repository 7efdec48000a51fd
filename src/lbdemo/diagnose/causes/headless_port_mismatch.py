"""LB111: clients dial the Service's port, and the pods listen on another: a headless Service translates none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.parts import pods
from lbdemo.diagnose.patches import port_exchanged
from lbdemo.diagnose.told import dials

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB111", "headless-port-mismatch"


def dials_another_port(case: Case, caller: Caller) -> bool:
    """Whether it is told of the headless Service's port, where pods listen on another one."""
    port = case.evidence.port.number
    differs = case.evidence.service.headless and bool(case.ready) and case.ready[0].port != port
    return differs and dials(caller.pod, case.evidence.name, port)


def cause(case: Case) -> Iterator[Finding]:
    """Callers of a headless Service that are told of its port, and are connected to nobody, who listens elsewhere."""
    port = case.evidence.port
    told = [c for c in case.evidence.callers if dials_another_port(case, c) and not case.reached(c)]
    if not told or not case.all_sockets_seen:
        return
    listens = case.ready[0].port
    changes = port_exchanged(case.evidence.service, port, "port", port.number, listens)
    yield Finding(
        CODE, NAME,
        sentence=f"Clients dial port {port.number}, pods listen on {listens}: a headless Service translates none.",
        severity=Severity.PROBLEM,
        evidence=(
            Line(f"port {port.number} of the headless Service {case.evidence.name} stands for {listens}", "API"),
            Line(f"{pods(c.name for c in told)}: arguments or variables say {case.evidence.name}:{port.number}", "API"),
            Line(f"no pod holds a connection of {pods(c.name for c in told)}", "server sockets"),
        ),
        fixes=(Fix(f"let clients dial {listens}, and the Service say so", *changes,
                   f"and give the clients the target dns:///{case.evidence.host}:{listens}"),),
    )  # fmt: skip
