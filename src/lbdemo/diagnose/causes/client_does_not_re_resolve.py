"""LB108: a client makes its connections anew, and does not ask DNS before: later pods stay unknown to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.causes.connections_end_too_soon import RENEWED
from lbdemo.diagnose.causes.no_connection_age import Late, latecomers, later, renewed
from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import made_anew
from lbdemo.diagnose.looks import SYN_SENT
from lbdemo.diagnose.parts import part_of, short
from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB108", "client-does-not-re-resolve"


def cause(case: Case) -> Iterator[Finding]:
    """Callers of a headless Service whose connections are renewed, and never lead to the youngest pods.

    A connection or two may have been lost by chance, and where nobody can see what the caller dials it may try the
    pods in vain: only what happens again and again is certain. Callers that do dial them have another cause.
    """
    late = latecomers(case, [caller for caller in case.plain if renewed(case, caller)])
    if late is not None and not any(_tries(case, caller, late) for caller in late.callers):
        yield _finding(case, late)


def _tries(case: Case, caller: Caller, late: Late) -> bool:
    """Whether the caller waits for an answer of a pod that it is not connected to."""
    there = {address for server in late.missing for address in server.addresses}
    return any(s.state == SYN_SENT and s.peer in there for s in case.sockets(caller.name))


def _finding(case: Case, late: Late) -> Finding:
    again = all(renewed(case, c) >= RENEWED and case.socket_looks(c.name) for c in late.callers)
    target = f"dns:///{case.evidence.host}:{late.missing[0].port}"
    return Finding(
        CODE, NAME,
        sentence="Clients make their connections anew, to the pods that they knew: they do not ask DNS when one ends.",
        severity=Severity.PROBLEM,
        evidence=(
            later(case, late),
            *(Line(f"{short(c.name)} renewed {count(renewed(case, c), 'connection')} meanwhile", "server sockets")
              for c in late.callers[:4]),
        ),
        fixes=(
            Fix("let the client's gRPC library resolve, and update it",
                advice=f"dial {target} instead of addresses that the code has resolved by itself; libraries ask DNS "
                "again when a connection ends (Go, Java, C++ and its relatives do), some old ones never did"),
            Fix("until then, restart the callers after each change of the pods", made_anew(late.callers)),
        ),
        explains=part_of(case, late.callers),
        possible=not again,
    )  # fmt: skip
