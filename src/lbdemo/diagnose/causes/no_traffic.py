"""LB901: nobody called while it was watched."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from lbdemo.diagnose.causes.port_wrongly_grpc import encrypted
from lbdemo.diagnose.connections import from_within
from lbdemo.diagnose.counting import by_metrics
from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import logs_of
from lbdemo.diagnose.parts import pods
from lbdemo.words import duration, listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB901", "no-traffic"
SHOWN = 3  # callers whose logs are offered


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
        or (any(_within(case)) and not _by_themselves(case))
    )


def _within(case: Case) -> list[bool]:
    """Of each ready pod, whether something in it is connected to its own server."""
    return [from_within(server, case.socket_looks(server.name)) for server in case.ready]


def _by_themselves(case: Case) -> bool:
    """Whether something in each of several pods calls its own server: a port-forward picks one pod."""
    return len(case.ready) > 1 and all(_within(case))


def _finding(case: Case) -> Finding:
    connected = [caller.name for caller in case.evidence.callers if case.dials(caller)]
    told = [caller.name for caller in case.evidence.callers if caller.name not in connected]
    others = sorted({held.caller for held in case.held})
    within = _by_themselves(case)
    quiet = case.all_sockets_seen and not (others or case.elsewhere or within)
    seen = [Line("no connection to any pod in all looks", "server sockets")] if quiet else []
    seen += [_each_within(case)] if within else []
    seen += [Line(f"others are connected: {listing(others[:4])}", "server sockets")] if others else []
    seen += [Line(f"by other Services: {pods(case.elsewhere)}", "callers' sockets")] if case.elsewhere else []
    seen += [_connected(connected)] if connected else []
    seen += (
        [Line(f"{pods(told)} {'is' if len(told) == 1 else 'are'} told of it, and did not call", "API")] if told else []
    )
    seen = seen or [Line("no pod counted a call", "metrics")]
    return Finding(
        CODE, NAME,
        sentence=f"{_who(case, others, connected)} in {duration(case.evidence.watched)}: there is nothing to judge.",
        severity=Severity.NOTE,
        evidence=tuple(seen),
        fixes=tuple(_ways(case, told)),
    )  # fmt: skip


def _ways(case: Case, told: Collection[str]) -> Iterator[Fix]:
    """To look once more; to look at another port; to read what those say who did not call."""
    asked = any(caller.found_by == "asked" for caller in case.evidence.callers)
    yield Fix("watch for longer (--watch 2m), while calls are made" + ("" if asked else "; or name who calls (--from)"))
    others = [port.label for port in case.evidence.service.ports if port != case.evidence.port]
    if others:
        yield Fix(f"look at another port of the Service with --port: {listing(others)}")
    silent = [caller.name for caller in case.evidence.callers if caller.name in told and caller.pod is not None]
    if silent:
        logs = logs_of(case, silent[:SHOWN])
        yield Fix("see what they say: calls that fail in the client, or at its proxy, reach no pod", logs)


def _who(case: Case, others: Sequence[str], connected: Sequence[str]) -> str:
    if connected:
        return "No pod counted a call of those who are connected"
    who = "None of those who were asked about" if others else "Nobody"
    return f"{who} called" + (f" by {case.evidence.name}" if case.elsewhere else "")


def _each_within(case: Case) -> Line:
    who = pods(one.name for one in case.ready)
    return Line(f"{who} are connected to their own port, each within itself: that goes past the Service, and nobody "
                "chooses", "server sockets")  # fmt: skip


def _connected(callers: Sequence[str]) -> Line:
    are = "is" if len(callers) == 1 else "are"
    left_out = "counters may leave calls out, such as those of methods that a server does not have"
    return Line(f"{pods(callers)} {are} connected, and no pod counted a call: {left_out}", "callers' sockets")
