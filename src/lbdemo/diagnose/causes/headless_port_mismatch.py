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

CODE, NAME = "LB111", "headless-port-mismatch"


def cause(case: Case) -> Iterator[Finding]:
    """Callers of a headless Service that are told of its port, and are connected to nobody, who listens elsewhere."""
    port = case.evidence.port
    if not case.evidence.service.headless or not case.all_sockets_seen or case.ready[0].port == port.number:
        return
    told = [c for c in case.evidence.callers if dials(c.pod, case.evidence.name, port.number) and not case.reached(c)]
    if not told:
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
