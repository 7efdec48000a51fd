"""LB901: nobody called while it was watched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.connections import from_within
from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.parts import pods
from lbdemo.words import duration

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB901", "no-traffic"


def cause(case: Case) -> Iterator[Finding]:
    """Servers could be seen, and no connection and no call of anybody."""
    if case.active or not case.ready or not (case.all_sockets_seen or _counted(case)):
        return
    if _counted(case) and case.judged.calls is not None and any(flow.calls for flow in case.judged.calls.flows):
        return
    if any(from_within(case.evidence, server) for server in case.ready):
        return
    told = [caller.name for caller in case.evidence.callers]
    seen = [Line("no connection to any pod in all looks", "server sockets")] if case.all_sockets_seen else []
    seen += (
        [Line(f"{pods(told)} {'is' if len(told) == 1 else 'are'} told of it, and did not call", "API")] if told else []
    )
    yield Finding(
        CODE, NAME,
        sentence=f"Nobody called in {duration(case.evidence.watched)}: there is nothing to judge.",
        severity=Severity.NOTE,
        evidence=tuple(seen),
        fixes=(Fix("watch for longer (--watch 2m), while calls are made; or name who calls with --from"),),
    )  # fmt: skip


def _counted(case: Case) -> bool:
    return bool(case.evidence.metrics)
