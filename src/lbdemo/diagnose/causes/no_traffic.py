"""LB901: nobody called while it was watched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.causes.port_wrongly_grpc import encrypted
from lbdemo.diagnose.connections import from_within
from lbdemo.diagnose.counting import by_metrics
from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.parts import pods
from lbdemo.words import duration, listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB901", "no-traffic"


def cause(case: Case) -> Iterator[Finding]:
    """All servers could be seen, and no connection and no call of anybody, or of none of those who were asked about."""
    if not case.ready or case.active or _called(case) or encrypted(case):
        return
    if case.all_sockets_seen or by_metrics(case) is not None:
        yield _finding(case)


def _called(case: Case) -> bool:
    """Whether somebody counts calls, connections were there and are gone, or something in a pod calls itself."""
    counted = [each.calls for each in (case.judged, by_metrics(case)) if each is not None and each.calls is not None]
    return (
        any(flow.calls for calls in counted for flow in calls.flows)
        or any(case.fleeting(caller).closed for caller in case.evidence.callers)
        or any(from_within(server, case.socket_looks(server.name)) for server in case.ready)
    )


def _finding(case: Case) -> Finding:
    told = [caller.name for caller in case.evidence.callers]
    others = sorted({held.caller for held in case.held})
    quiet = case.all_sockets_seen and not (others or case.elsewhere)
    seen = [Line("no connection to any pod in all looks", "server sockets")] if quiet else []
    seen += [Line(f"others are connected: {listing(others[:4])}", "server sockets")] if others else []
    seen += [Line(f"by other Services: {pods(case.elsewhere)}", "callers' sockets")] if case.elsewhere else []
    seen += (
        [Line(f"{pods(told)} {'is' if len(told) == 1 else 'are'} told of it, and did not call", "API")] if told else []
    )
    seen = seen or [Line("no pod counted a call", "metrics")]
    who = "None of those who were asked about" if others else "Nobody"
    how = f" by {case.evidence.name}" if case.elsewhere else ""
    return Finding(
        CODE, NAME,
        sentence=f"{who} called{how} in {duration(case.evidence.watched)}: there is nothing to judge.",
        severity=Severity.NOTE,
        evidence=tuple(seen),
        fixes=(Fix("watch for longer (--watch 2m), while calls are made; or name who calls with --from"),),
    )  # fmt: skip
