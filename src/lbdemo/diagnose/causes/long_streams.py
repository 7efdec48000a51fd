"""LB117: calls are long streams: each was placed when it began, and nobody moves it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.parts import UNEVEN, part_of, pods, short
from lbdemo.diagnose.streams import Running, running
from lbdemo.words import count, listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB117", "long-streams"
TWICE = 2  # times as many streams at one pod as at another
FIXES = (
    Fix("end streams now and then", advice="let clients (or servers, with OK) end a stream after some minutes, and "
        "begin another one; or let servers end connections after a while (max_connection_age with a grace period, "
        "after which streams are cut)"),
    Fix("make calls of them", advice="where messages do not depend on each other, one call each; or a queue"),
)  # fmt: skip


def cause(case: Case) -> Iterator[Finding]:
    """Callers whose proxies know of calls that do not end; else callers at all pods whose segments are uneven."""
    through = [(each, now) for each in case.through_sidecars if (now := running(case, each)) and now.streams]
    uneven = [(each, now) for each, now in through if now.most >= TWICE * max(1, now.least)]
    if uneven:
        yield _by_proxies(case, uneven)
    elif not through and _segments_differ(case):
        yield _by_segments(case)


def _by_proxies(case: Case, uneven: list[tuple[Caller, Running]]) -> Finding:
    return Finding(
        CODE, NAME,
        sentence="Calls are long streams: each stays at the pod where it began.",
        severity=Severity.PROBLEM,
        evidence=tuple(
            Line(f"{short(caller.name)}: {count(now.total, 'call')} run, {now.begun} began while it was watched; "
                 f"{listing([f'{short(name)} {many}' for name, many in now.each])}", "callers' proxies")
            for caller, now in uneven
        ),
        fixes=FIXES,
        explains=part_of(case, [caller for caller, _ in uneven]),
    )  # fmt: skip


def _segments_differ(case: Case) -> bool:
    """Whether all callers choose for themselves among all pods, and yet what they send differs."""
    ready = {server.name for server in case.ready}
    held = [[one.most for one in case.held_by(caller)] for caller in case.plain]
    evenly = all(len(set(most)) == 1 for most in held) and all(case.reached(c) == ready for c in case.plain)
    counted = case.judged.about and case.judged.outcome in UNEVEN
    return counted and evenly and bool(held) and case.evidence.service.headless and len(ready) > 1


def _by_segments(case: Case) -> Finding:
    return Finding(
        CODE, NAME,
        sentence="Callers are connected to all pods alike, and send some of them more: long streams, or large calls.",
        severity=Severity.RISK,
        evidence=(Line(f"{pods(c.name for c in case.plain)}: as many connections to each pod, and unequally many "
                       "TCP segments over them", "server sockets"),),
        fixes=FIXES,
        explains=part_of(case, case.plain),
        possible=True,
    )  # fmt: skip
