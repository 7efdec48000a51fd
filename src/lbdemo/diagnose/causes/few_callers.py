"""LB114: somebody chooses once a connection, and there are so few connections that chance decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Line, Severity
from lbdemo.diagnose.fixes import choose_in_the_client, mesh_the_callers
from lbdemo.diagnose.latecomers import latecomers, pools
from lbdemo.diagnose.parts import UNEVEN, connections, part_of
from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB114", "few-callers"
ENOUGH = 5
"""Connections a pod from which on chance leaves shares that people call even (a spread of about 45 %)."""


def cause(case: Case) -> Iterator[Finding]:
    """Pools of connections to a Service with an address: as many as pods or more, and fewer than five times as many.

    With affinity it is not chance that decides (LB401), nor where a client sees the pods by another name, or had its
    connections before some pods were ready (LB113).
    """
    service = case.evidence.service
    if service.headless or service.sticky or len(case.ready) < 2 or case.servers_meshed:
        return
    drawn = pools(case)
    held = sum(case.connections(caller) for caller in drawn)
    if not drawn or held >= ENOUGH * len(case.ready) or case.judged.outcome not in UNEVEN or latecomers(case):
        return
    yield Finding(
        CODE, NAME,
        sentence=f"{count(held, 'connection')} to {len(case.ready)} pods are so few that chance decides.",
        severity=Severity.PROBLEM,
        evidence=(
            connections(case),
            Line(f"Service {case.evidence.name} has a cluster IP: kube-proxy draws a pod for each connection", "API"),
        ),
        fixes=(mesh_the_callers(case, drawn), choose_in_the_client(case)),
        explains=part_of(case, drawn),
    )  # fmt: skip
