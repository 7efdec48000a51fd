"""LB124: callers name the pods that they call, as one can those of a StatefulSet: nobody chooses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import ROUND_ROBIN
from lbdemo.diagnose.parts import part_of, pods, short
from lbdemo.diagnose.told import by_own_names

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB124", "pods-by-own-names"


def cause(case: Case) -> Iterator[Finding]:
    """Callers without a proxy that are connected to pods which their arguments or variables name, and to no others.

    Where such pods are all that there are, everybody gets what is meant for them.
    """
    service = case.evidence.service
    there = case.plain if service.headless else ()
    mine = [caller for caller in there if case.sees_connections(caller) and case.by_own_names(caller)]
    if not mine or {name for caller in mine for name in case.reached(caller)} >= {one.name for one in case.ready}:
        return
    name, port = service.meta.name, case.ready[0].port
    called = [(short(caller.name), sorted(by_own_names(caller.pod, name))) for caller in mine]
    yield Finding(
        CODE, NAME,
        sentence="Callers name the pods that they call: such a name stands for that pod alone.",
        severity=Severity.NOTE,
        evidence=tuple(Line(f"{caller} is told to call {pods(f'{one}.{name}' for one in names)}", "API")
                       for caller, names in called),
        fixes=(Fix("where any pod will do, call the Service instead",
                   advice=f"dial dns:///{case.evidence.host}:{port} with the service config {ROUND_ROBIN}; where each "
                   "pod has its own part (a shard, a leader), nothing is wrong"),),
        explains=part_of(case, mine),
    )  # fmt: skip
