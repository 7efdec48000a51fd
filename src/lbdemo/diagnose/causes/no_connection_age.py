"""LB107: clients do not know of pods that came later: nothing makes them ask DNS again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Line, Severity
from lbdemo.diagnose.fixes import limit_connection_age
from lbdemo.diagnose.parts import part_of, pods
from lbdemo.diagnose.times import APART, LEARNT, age, missed_at_start, ready_for
from lbdemo.diagnose.told import takes_turns

if TYPE_CHECKING:
    from collections.abc import Collection

    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.diagnose.servers import Server

CODE, NAME = "LB107", "no-connection-age"


def cause(case: Case) -> Iterator[Finding]:
    """A headless Service whose callers are connected to several pods, and to none of those that are youngest.

    One pod is enough where the client was told to take all in turn. Young is also who was ready only when the caller
    had begun, since all came at once. Of callers whose connections end and are made anew another cause is told (LB108).
    """
    late = latecomers(case, [caller for caller in case.plain if not renewed(case, caller)])
    if late is not None:
        yield _finding(case, late)


@dataclass(frozen=True, slots=True)
class Late:
    """Callers of a headless Service, the pods that they are connected to, and younger ones that they are not."""

    callers: tuple[Caller, ...]
    missing: tuple[Server, ...]
    known: frozenset[str]


def latecomers(case: Case, callers: Collection[Caller]) -> Late | None:
    """Which of the callers take turns, and know of none of the youngest pods; None where it is not like that."""
    late = left_out(case, callers)
    if late is None:
        return None
    now = case.evidence.made
    young = min((ready_for(s.pod, now) or 0.0 for s in late.missing), default=0.0) < LEARNT
    return late if _youngest(case, late.missing, late.known) or (not young and ready_later(case, late)) else None


def left_out(case: Case, callers: Collection[Caller]) -> Late | None:
    """Which of the callers of a headless Service take turns, and know of not all pods, of whatever age these are."""
    turning = tuple(caller for caller in callers if _takes_turns(case, caller))
    if not case.evidence.service.headless or not all(map(case.sees_connections, turning)):
        return None
    known = frozenset(name for caller in turning for name in case.reached(caller))
    missing = tuple(server for server in case.ready if server.name not in known)
    return Late(turning, missing, known) if turning and missing else None


def ready_later(case: Case, late: Late) -> bool:
    """Whether none of those that are left out was ready when the callers began, as far as is known."""
    now = case.evidence.made
    return all(
        missed_at_start(server.pod, caller.pod, [s.pod for s in case.ready if s.name in case.reached(caller)], now)
        for server in late.missing for caller in late.callers
    )  # fmt: skip


def renewed(case: Case, caller: Caller) -> int:
    """How many of the caller's connections took the place of others while it was watched."""
    return sum(one.renewed for one in case.held_by(caller) if one.inodes)


def _takes_turns(case: Case, caller: Caller) -> bool:
    if case.by_own_names(caller):
        return False
    reached = len(case.reached(caller))
    return reached > 1 or (reached == 1 and takes_turns(caller.pod))


def _youngest(case: Case, missing: Collection[Server], known: Collection[str]) -> bool:
    """Whether those that nobody is connected to are younger than all others, and not just born."""
    ages = {server.name: age(server.pod, case.evidence.made) for server in case.ready}
    if any(ages[server.name] is None for server in case.ready):
        return False
    young = [ages[server.name] or 0.0 for server in missing]
    old = [ages[name] or 0.0 for name in known if name in ages]
    return bool(old) and max(young) + APART < min(old) and min(young) >= LEARNT


def _finding(case: Case, late: Late) -> Finding:
    return Finding(
        CODE, NAME,
        sentence="Clients never learn of pods that came after them: gRPC asks DNS again only when a connection ends.",
        severity=Severity.PROBLEM,
        evidence=(
            later(case, late),
            Line(f"Service {case.evidence.name} is headless: clients choose among the addresses that they have", "API"),
        ),
        fixes=(limit_connection_age(case),),
        explains=part_of(case, late.callers),
        possible=all(len(case.reached(caller)) == 1 for caller in late.callers),
    )  # fmt: skip


def later(case: Case, late: Late) -> Line:
    """Which pods came later, and are left out."""
    missing, theirs = (pods(one.name for one in each) for each in (late.missing, late.callers))
    if _youngest(case, late.missing, late.known):
        came = f"{missing} came later than {pods(late.known)}"
    else:
        came = f"{missing} became ready only after {theirs} had begun"
    it = "it" if len(late.missing) == 1 else "them"
    left = f"nobody is connected to {it}" if case.all_sockets_seen else f"no connection of {theirs} leads to {it}"
    return Line(f"{came}, and {left}", case.whose_sockets)
