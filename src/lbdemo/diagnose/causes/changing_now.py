"""LB201: pods came or go just now: what is seen is on its way to something else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.causes.no_connection_age import left_out, ready_later
from lbdemo.diagnose.findings import Finding, Line, Severity
from lbdemo.diagnose.parts import pods
from lbdemo.diagnose.times import APART, LEARNT, age, ready_for
from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB201", "changing-now"


def _changes(case: Case) -> tuple[tuple[int, str], tuple[int, str]]:
    return (case.evidence.came, "came"), (case.evidence.went, "went")


def cause(case: Case) -> Iterator[Finding]:
    """Endpoints that leave, came or went during the watch, or came less than a minute before, after others.

    Or were ready less than a minute before, and only when those callers had begun that know of others.
    """
    leaving = [server.name for server in case.servers if server.terminating]
    ages = {server.name: age(server.pod, case.evidence.made) for server in case.ready}
    unlearnt = _unlearnt(case)
    young = [name for name, old in ages.items() if name in unlearnt or (old is not None and old < LEARNT)]
    known = [seconds for seconds in ages.values() if seconds is not None]
    changed = [f"{count(many, 'pod')} {verb}" for many, verb in _changes(case) if many]
    after_others = bool(young) and max(known) - min(known) > APART
    if not (leaving or changed or after_others or unlearnt):
        return
    seen = [Line(f"{pods(leaving)} {'is' if len(leaving) == 1 else 'are'} leaving", "API")] if leaving else []
    seen += [Line(f"{' and '.join(changed)} while it was watched", "API")] if changed else []
    seen += [Line(f"{pods(young)} came less than a minute before", "API")] if young else []
    yield Finding(
        CODE, NAME,
        sentence="The pods are changing just now: look again in a minute.",
        severity=Severity.NOTE,
        evidence=tuple(seen),
    )  # fmt: skip


def _unlearnt(case: Case) -> frozenset[str]:
    """Pods that became ready less than a minute before, after callers had begun that know of others."""
    late = left_out(case, case.plain)
    if late is None or not ready_later(case, late):
        return frozenset()
    ready = {server.name: ready_for(server.pod, case.evidence.made) for server in late.missing}
    return frozenset(name for name, seconds in ready.items() if seconds is not None and seconds < LEARNT)
