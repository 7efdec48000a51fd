"""LB401: the Service was told to keep each client's address at one pod."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl
from lbdemo.diagnose.parts import part_of
from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB401", "client-ip-affinity"
MANY = 20  # addresses a pod from which on chance spreads them well


def cause(case: Case) -> Iterator[Finding]:
    """sessionAffinity ClientIP, and few addresses that call without a sidecar (which does not heed it)."""
    if not case.evidence.service.sticky or case.evidence.service.headless or len(case.ready) < 2:
        return
    callers = [caller for caller in case.plain if case.connections(caller)]
    if not callers or len(callers) >= MANY * len(case.ready):
        return
    name, namespace = case.evidence.name, case.evidence.namespace
    patch = ("-n", namespace, "patch", "service", name, "-p")
    yield Finding(
        CODE, NAME,
        sentence="The Service keeps each caller's address at one pod, over all its connections.",
        severity=Severity.PROBLEM,
        evidence=(Line(f"Service {name} has sessionAffinity: ClientIP", "API"),
                  Line(f"{count(len(callers), 'caller')} hold connections", "server sockets")),
        fixes=(Fix("do without it", (kubectl(*patch, '{"spec":{"sessionAffinity":"None"}}'),),
                   (kubectl(*patch, '{"spec":{"sessionAffinity":"ClientIP"}}'),),
                   "by itself this spreads connections, not calls: see what else is found"),),
        explains=part_of(case, callers),
    )  # fmt: skip
