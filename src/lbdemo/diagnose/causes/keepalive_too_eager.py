"""LB120: a client pings more often than its server allows, and is sent away each time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.causes.connections_end_too_soon import SOON, lifetime
from lbdemo.diagnose.findings import CannotTell, Finding, Fix, Line, Severity
from lbdemo.diagnose.parts import pods, short
from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB120", "keepalive-too-eager"
CLIENTS = (
    "C++, Python, Ruby, PHP: grpc.keepalive_time_ms; Go keepalive.ClientParameters.Time; Java keepAliveTime; .NET "
    "KeepAlivePingDelay. Servers allow a ping in 5 min where nobody told them otherwise, none while no call runs"
)
SERVERS = (
    "C++, Python, Ruby: grpc.http2.min_recv_ping_interval_without_data_ms; Go keepalive.EnforcementPolicy MinTime and "
    "PermitWithoutStream; Java permitKeepAliveTime"
)


def cause(case: Case) -> Iterator[Finding | CannotTell]:
    """Callers without a proxy whose log says that a server refused their pings.

    The log does not say which server: it is this one where connections to it were renewed, too.
    """
    told = [caller for caller in case.plain if case.client(caller).sent_away]
    if told:
        yield _finding(case, told)
    dark = [c for c in case.plain if case.client(c).sent_away is None and (lifetime(case, c) or SOON) < SOON]
    if dark:
        yield CannotTell(
            CODE, NAME, f"the log of {pods(c.name for c in dark)} could not be read, whose connections end"
        )


def _finding(case: Case, told: list[Caller]) -> Finding:
    renewed = [caller for caller in told if _renewed(case, caller)]
    seen = [Line(f"{short(c.name)} says so {count(case.client(c).sent_away or 0, 'time')} in the last 10 min: "
                 "too_many_pings", "the callers' logs") for c in told]  # fmt: skip
    seen += [Line(f"connections of {short(c.name)} ended while it was watched, and others began", "server sockets")
             for c in renewed]  # fmt: skip
    return Finding(
        CODE, NAME,
        sentence=f"Pings of {pods(c.name for c in told)} come more often than a server allows: it ends the connection.",
        severity=Severity.RISK,
        evidence=tuple(seen),
        fixes=(Fix("let clients ping less often: a keepalive time of 5 min or more", advice=CLIENTS),
               Fix("or let servers allow more", advice=SERVERS)),
        possible=len(renewed) < len(told),
    )  # fmt: skip


def _renewed(case: Case, caller: Caller) -> bool:
    return any(one.renewed > 0 for one in case.held_by(caller))
