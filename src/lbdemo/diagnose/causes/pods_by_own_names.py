"""LB124: callers name the pods that they call, as one can those of a StatefulSet: nobody chooses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from lbdemo.diagnose.called import by_address
from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import ROUND_ROBIN, choose_in_the_client
from lbdemo.diagnose.parts import part_of, pods, short
from lbdemo.diagnose.told import by_own_names

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB124", "pods-by-own-names"
INSTEAD = "where any pod will do, call the Service instead"
WITH_ARTICLE = {"name": "a name", "address": "an address"}


def cause(case: Case) -> Iterator[Finding]:
    """Callers without a proxy that are connected to pods which their arguments or variables name, and to no others; or
    to pods' addresses that no name has told them.

    Where such pods are all that there are, everybody gets what is meant for them.
    """
    callers = [caller for caller in case.plain if case.sees_connections(caller)]
    ready = {server.name for server in case.ready}
    if case.evidence.service.headless:
        mine = [caller for caller in callers if case.by_own_names(caller)]
        some = not {name for caller in mine for name in case.reached(caller)} >= ready
    else:
        mine = [c for c in callers if by_address(case.evidence, c) and not case.reached(c) >= ready]
        some = True
    if mine and some:
        yield _finding(case, mine, "name" if case.evidence.service.headless else "address")


def _finding(case: Case, mine: list[Caller], what: str) -> Finding:
    known = {"name": _by_names, "address": _by_addresses}[what]
    return Finding(
        CODE, NAME,
        sentence=f"Callers name the pods that they call: such {WITH_ARTICLE[what]} stands for that pod alone.",
        severity=Severity.NOTE,
        evidence=tuple(known(case, mine)),
        fixes=(_instead(case) if what == "name" else replace(choose_in_the_client(case), title=INSTEAD),),
        explains=part_of(case, mine),
    )  # fmt: skip


def _by_names(case: Case, mine: list[Caller]) -> Iterator[Line]:
    name = case.evidence.service.meta.name
    for caller in mine:
        names = pods(f"{one}.{name}" for one in sorted(by_own_names(caller.pod, name)))
        yield Line(f"{short(caller.name)} is told to call {names}", "API")


def _by_addresses(case: Case, mine: list[Caller]) -> Iterator[Line]:
    for caller in mine:
        reached = pods(case.reached(caller))
        yield Line(f"{short(caller.name)} is connected to the own address of {reached}, and to that of no Service; "
                   "no headless Service has told it", "callers' sockets")  # fmt: skip


def _instead(case: Case) -> Fix:
    return Fix(INSTEAD, advice=f"dial dns:///{case.evidence.host}:{case.ready[0].port} with the service config "
               f"{ROUND_ROBIN}; where each pod has its own part (a shard, a leader), nothing is wrong")  # fmt: skip
