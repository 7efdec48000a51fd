"""LB205: calls are spread evenly, and what they cost is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.network import ENOUGH, network
from lbdemo.diagnose.parts import short
from lbdemo.measure.verdict import Outcome
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.servers import Server

CODE, NAME = "LB205", "uneven-cost-even-calls"
TIMES = 2.0  # as much at one pod as at another
BUSY = 0.1  # cores: of less the rest (probes, a runtime's housekeeping) may be the difference


def cause(case: Case) -> Iterator[Finding]:
    """Calls that somebody counted are balanced, and the pods' CPU or their bytes are not."""
    if case.judged.outcome is not Outcome.BALANCED or case.judged.about:
        return
    uneven = (*_cpu(case), *(tuple(_size(case)) or network(case, TIMES)))
    if not uneven:
        return
    yield Finding(
        CODE, NAME,
        sentence="Calls are spread evenly and what they cost is not: it is not balancing that makes a pod busy.",
        severity=Severity.NOTE,
        evidence=(Line("calls are BALANCED", case.judged.source), *uneven),
        fixes=(Fix("see what the busy pod's calls have in common: large messages, or heavy keys that go there"),),
    )  # fmt: skip


def _cpu(case: Case) -> Iterator[Line]:
    told = {one.pod: one for one in case.evidence.cpu}
    known = {server.name: told[server.name].cores for server in case.ready if server.name in told}
    if len(known) == len(case.ready) and _apart(list(known.values()), BUSY):
        cores = listing([f"{short(name)} {cores:.2f}" for name, cores in known.items()])
        yield Line(f"cores: {cores}", next(one.source for one in told.values()))


def _size(case: Case) -> Iterator[Line]:
    each = {server.name: _bytes(case, server) for server in case.ready} if case.all_sockets_seen else {}
    known = {name: grown for name, grown in each.items() if grown is not None}
    if len(known) == len(each) and _apart(list(known.values()), ENOUGH):
        kilobytes = listing([f"{short(name)} {grown // 1000}" for name, grown in known.items()])
        yield Line(f"kilobytes: {kilobytes}", "server sockets")


def _apart(values: Sequence[float], least: float) -> bool:
    """Whether the busiest is above what is worth a word, and far above another one."""
    return len(values) > 1 and max(values) >= max(least, TIMES * min(values))


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
