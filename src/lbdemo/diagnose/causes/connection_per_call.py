"""LB116: a caller makes a connection for each call: even, and dear."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import choose_in_the_client, mesh_the_callers
from lbdemo.diagnose.handshakes import failing
from lbdemo.diagnose.parts import short
from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB116", "connection-per-call"


def cause(case: Case) -> Iterator[Finding]:
    """Callers without a proxy none of whose many connections lasts from one look to the next, but for such that never
    come to a call."""
    never = failing(case)
    for caller in case.bare:
        if case.fleeting(caller).one_a_call and caller not in never:
            yield _finding(case, caller)


def _finding(case: Case, caller: Caller) -> Finding:
    how = case.fleeting(caller)
    seen = [Line(f"{short(caller.name)}: {count(how.seen, 'connection')} in {how.looks} looks, none in two of them",
                 "server sockets")] if how.seen else []  # fmt: skip
    seen += [Line(f"{count(how.closed, 'connection')} of {short(caller.name)} ended less than a minute before",
                  "sockets in TIME_WAIT")] if how.closed else []  # fmt: skip
    balance = () if case.evidence.service.headless else (mesh_the_callers(case, [caller]), choose_in_the_client(case))
    return Finding(
        CODE, NAME,
        sentence=f"{short(caller.name)} makes a connection for each call: spread by chance, and a handshake each time.",
        severity=Severity.RISK,
        evidence=tuple(seen),
        fixes=(Fix("make one channel when the client starts, and keep it for all calls; then let calls be balanced"),
               *balance),
    )  # fmt: skip
