"""LB107: clients do not know of pods that came later: nothing makes them ask DNS again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Line, Severity
from lbdemo.diagnose.fixes import limit_connection_age
from lbdemo.diagnose.parts import part_of, pods
from lbdemo.diagnose.times import APART, LEARNT, age
from lbdemo.diagnose.told import takes_turns

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.diagnose.servers import Server

CODE, NAME = "LB107", "no-connection-age"


def cause(case: Case) -> Iterator[Finding]:
    """A headless Service whose callers are connected to several pods, and to none of those that are youngest.

    One pod is enough where the client was told to take all in turn.
    """
    if not case.evidence.service.headless or not case.all_sockets_seen:
        return
    callers = [caller for caller in case.plain if _takes_turns(case, caller)]
    known = {name for caller in callers for name in case.reached(caller)}
    missing = [server for server in case.ready if server.name not in known]
    if callers and missing and _youngest(case, missing, known):
        yield _finding(case, callers, missing, known)


def _takes_turns(case: Case, caller: Caller) -> bool:
    reached = len(case.reached(caller))
    return reached > 1 or (reached == 1 and takes_turns(caller.pod))


def _youngest(case: Case, missing: list[Server], known: set[str]) -> bool:
    """Whether those that nobody is connected to are younger than all others, and not just born."""
    ages = {server.name: age(server.pod, case.evidence.made) for server in case.ready}
    if any(ages[server.name] is None for server in case.ready):
        return False
    young = [ages[server.name] or 0.0 for server in missing]
    old = [ages[name] or 0.0 for name in known if name in ages]
    return bool(old) and max(young) + APART < min(old) and min(young) >= LEARNT


def _finding(case: Case, callers: list[Caller], missing: list[Server], known: set[str]) -> Finding:
    return Finding(
        CODE, NAME,
        sentence="Clients never learn of pods that came after them: gRPC asks DNS again only when a connection ends.",
        severity=Severity.PROBLEM,
        evidence=(
            Line(f"{pods(s.name for s in missing)} came later than {pods(known)}, and nobody is connected to them",
                 "server sockets"),
            Line(f"Service {case.evidence.name} is headless: clients choose among the addresses that they have", "API"),
        ),
        fixes=(limit_connection_age(case),),
        explains=part_of(case, callers),
        possible=all(len(case.reached(caller)) == 1 for caller in callers),
    )  # fmt: skip
