"""LB113: the longer a pod runs, the more connections it has: those that began later came when others were taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from math import comb
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import limit_connection_age, made_anew, mesh_the_callers
from lbdemo.diagnose.latecomers import latecomers
from lbdemo.diagnose.parts import UNEVEN, connections, part_of, pods, short
from lbdemo.diagnose.times import age
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.latecomers import Latecomers
    from lbdemo.diagnose.servers import Server

CODE, NAME = "LB113", "restart-order-skew"
CHANCE = 0.01  # how probable the youngest pod's few connections may be if each were drawn at random
TWICE = 2.0  # the oldest pod holds so many times as many as the youngest, at least


def cause(case: Case) -> Iterator[Finding]:
    """Many connections without a proxy, of which each older pod holds more than each younger one; or pools of them that
    were made before some pods were ready."""
    held, late = skew(case), latecomers(case)
    if held:
        yield _finding(case, held, part_of(case, [caller for caller in case.plain if case.connections(caller)]))
    elif late is not None and not case.servers_meshed and case.judged.outcome in UNEVEN:
        yield _too_late(case, late)


def skew(case: Case) -> tuple[tuple[str, int], ...]:
    """Connections without a proxy by pod, the oldest first; () where it is not by their age that they have them."""
    names = {caller.name for caller in case.plain if case.connections(caller)}
    held = Counter({server.name: 0 for server in case.ready})
    for one in case.held:
        if one.caller in names and one.server in held:
            held[one.server] += one.most
    order = _oldest_first(case)
    if len(order) < 2 or not case.all_sockets_seen:
        return ()
    counts = [held[server.name] for server in order]
    falls = all(before > after for before, after in pairwise(counts))
    twice = counts[0] >= TWICE * max(1, counts[-1])
    skewed = falls and twice and at_most(counts[-1], sum(counts), len(counts)) < CHANCE
    return tuple((server.name, held[server.name]) for server in order) if skewed else ()


def at_most(few: int, total: int, pods: int) -> float:
    """The probability that one of the pods gets so few or fewer of all connections, each drawn at random for a pod."""
    share = 1 / pods
    return sum(comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(few + 1))


def _oldest_first(case: Case) -> list[Server]:
    ages = {server.name: age(server.pod, case.evidence.made) for server in case.ready}
    if any(each is None for each in ages.values()):
        return []
    return sorted(case.ready, key=lambda server: -(ages[server.name] or 0.0))


def _finding(case: Case, held: tuple[tuple[str, int], ...], part: float) -> Finding:
    told = listing([f"{short(name)} {many}" for name, many in held])
    return Finding(
        CODE, NAME,
        sentence="Connections stay where they were made: the older a pod, the more of them it holds.",
        severity=Severity.PROBLEM,
        evidence=(Line(f"connections, the oldest pod first: {told}", "server sockets"),),
        fixes=(limit_connection_age(case),),
        explains=part,
    )  # fmt: skip


def _too_late(case: Case, found: Latecomers) -> Finding:
    late, theirs = (pods(one.name for one in each) for each in (found.late, found.callers))
    return Finding(
        CODE, NAME,
        sentence=f"Connections stay where they were made: {late} came later, and nothing moves them there.",
        severity=Severity.PROBLEM,
        evidence=(
            Line(f"{late} became ready only after {theirs} had begun, and after {pods(s.name for s in found.known)}",
                 "API"),
            connections(case),
        ),
        fixes=(mesh_the_callers(case, found.callers), limit_connection_age(case), _anew(found)),
        explains=part_of(case, found.callers),
        possible=not found.sure,
    )  # fmt: skip


def _anew(found: Latecomers) -> Fix:
    """What helps until pods change again; there is nothing to undo."""
    return Fix("for now: make the callers anew, so that each connection is drawn again", made_anew(found.callers),
               advice="by chance, and until pods come and go again")  # fmt: skip
