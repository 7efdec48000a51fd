"""LB401: the Service was told to keep each client's address at one pod."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl
from lbdemo.diagnose.parts import part_of, severity_of
from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB401", "client-ip-affinity"
MANY = 20  # addresses a pod from which on chance spreads them well


def cause(case: Case) -> Iterator[Finding]:
    """sessionAffinity ClientIP, and few addresses that call without a sidecar (which does not heed it).

    It explains what a caller's several connections do; one connection stays at one pod with or without it.
    """
    if not case.evidence.service.sticky or case.evidence.service.headless or len(case.ready) < 2:
        return
    callers = [caller for caller in case.plain if case.connections(caller)]
    if not callers or len(callers) >= MANY * len(case.ready):
        return
    kept = [caller for caller in callers if _kept_together(case, caller)]
    name, namespace = case.evidence.name, case.evidence.namespace
    patch = ("-n", namespace, "patch", "service", name, "-p")
    yield Finding(
        CODE, NAME,
        sentence="The Service keeps each caller's address at one pod, over all its connections.",
        severity=severity_of(case) if kept else Severity.RISK,
        evidence=(Line(f"Service {name} has sessionAffinity: ClientIP", "API"),
                  Line(f"{count(len(callers), 'caller')} hold connections", "server sockets")),
        fixes=(Fix("do without it", (kubectl(*patch, '{"spec":{"sessionAffinity":"None"}}'),),
                   (kubectl(*patch, '{"spec":{"sessionAffinity":"ClientIP"}}'),),
                   "by itself this spreads connections, not calls: see what else is found"),),
        explains=part_of(case, kept),
    )  # fmt: skip


def _kept_together(case: Case, caller: Caller) -> bool:
    """Whether several connections of the caller, at once or one after the other, were all seen at one pod."""
    held = case.held_by(caller)
    return len(held) == 1 and max(len(held[0].inodes), held[0].most) > 1
