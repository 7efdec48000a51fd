"""LB103: the Service is headless, and the client takes the first address of many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import CannotTell, Finding, Line, Severity
from lbdemo.diagnose.fixes import ask_for_round_robin
from lbdemo.diagnose.parts import part_of, pods, short
from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB103", "headless-pick-first"


def cause(case: Case) -> Iterator[Finding | CannotTell]:
    """Callers without a proxy that are connected to one of the pods that a headless Service shows them."""
    if not case.evidence.service.headless or len(case.ready) < 2:
        return
    if not case.all_sockets_seen:
        yield CannotTell(CODE, NAME, "not all servers' sockets could be seen: nobody knows who holds connections")
        return
    few = [caller for caller in case.plain if len(case.reached(caller)) == 1]
    if few:
        yield _finding(case, few)


def _finding(case: Case, few: list[Caller]) -> Finding:
    service = case.evidence.name
    where = {name for caller in few for name in case.reached(caller)}
    seen = [
        Line(f"{short(c.name)} holds {count(case.connections(c), 'connection')}, to {pods(case.reached(c))}",
             "server sockets") for c in few[:4]
    ]  # fmt: skip
    if len(few) > 1 and len(where) == 1:
        seen.append(Line(f"all {len(few)} callers are at the same pod: DNS answers in a fixed order", "server sockets"))
    return Finding(
        CODE, NAME,
        sentence="The client sees all pods (the Service is headless) and uses one: gRPC's default is pick_first.",
        severity=Severity.PROBLEM,
        evidence=(*seen, Line(f"Service {service} is headless, with {len(case.ready)} ready pods", "API")),
        fixes=(ask_for_round_robin(case),),
        explains=part_of(case, few),
    )  # fmt: skip
