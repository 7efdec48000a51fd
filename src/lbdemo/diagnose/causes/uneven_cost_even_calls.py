"""LB205: calls are spread evenly, and what they carry is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.parts import short
from lbdemo.measure.verdict import Outcome
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.servers import Server

CODE, NAME = "LB205", "uneven-cost-even-calls"
TIMES = 2.0  # as many bytes at one pod as at another
ENOUGH = 100_000
"""Bytes at the pod with most of them: of less the rest (settings, pings) may be the difference."""


def cause(case: Case) -> Iterator[Finding]:
    """Calls that somebody counted are balanced, and the bytes over the servers' connections are not."""
    if case.judged.outcome is not Outcome.BALANCED or case.judged.about or not case.all_sockets_seen:
        return
    each = {server.name: _bytes(case, server) for server in case.ready}
    known = {name: grown for name, grown in each.items() if grown is not None}
    if len(known) < max(2, len(each)) or max(known.values()) < max(ENOUGH, TIMES * min(known.values())):
        return
    yield Finding(
        CODE, NAME,
        sentence="Calls are spread evenly and their size is not: it is not balancing that makes a pod busy.",
        severity=Severity.NOTE,
        evidence=(
            Line("calls are BALANCED", case.judged.source),
            Line(f"kilobytes: {listing([f'{short(name)} {grown // 1000}' for name, grown in known.items()])}",
                 "server sockets"),
        ),
        fixes=(Fix("see what the busy pod's calls have in common: large messages, or heavy keys that go there"),),
    )  # fmt: skip


def _bytes(case: Case, server: Server) -> int | None:
    """How many bytes went over the server's connections while they were watched; None where nobody counts them."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for number, look in enumerate(case.arrived[server.name]):
        for _, socket in look.sockets:
            if socket.bytes_in is None or socket.bytes_out is None:
                return None
            seen = socket.bytes_in + socket.bytes_out
            first.setdefault(socket.inode, seen if number == 0 else 0)
            last[socket.inode] = seen
    return sum(last[inode] - first[inode] for inode in last)
