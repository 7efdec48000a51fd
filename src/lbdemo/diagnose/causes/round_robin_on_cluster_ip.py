"""LB102: the client takes its servers in turn, and sees one: the Service's own address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.called import by_address
from lbdemo.diagnose.findings import Finding, Line, Severity
from lbdemo.diagnose.fixes import choose_in_the_client
from lbdemo.diagnose.parts import pods
from lbdemo.diagnose.told import ROUND_ROBIN, takes_turns

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB102", "round-robin-on-cluster-ip"


def cause(case: Case) -> Iterator[Finding]:
    """Callers of a Service with an address whose arguments or variables ask for round robin."""
    if case.evidence.service.headless or len(case.ready) < 2 or case.servers_meshed:
        return
    told = [caller for caller in case.plain if case.holds_few(caller) and takes_turns(caller.pod)
            and not by_address(case.evidence, caller)]  # fmt: skip
    if told:
        service = case.evidence.service
        yield Finding(
            CODE, NAME,
            sentence="The client's round robin has one address to choose from: that of the Service.",
            severity=Severity.RISK,
            evidence=(Line(f"{pods(c.name for c in told)}: arguments or variables say {ROUND_ROBIN}", "API"),
                      Line(f"Service {service.meta.name} has the one address {service.cluster_ips[0]}", "API")),
            fixes=(choose_in_the_client(case),),
            follows_from=("LB101",),
        )  # fmt: skip
