"""How much of what was seen a finding explains."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Line, Severity
from lbdemo.measure.verdict import Outcome
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller


def short(name: str) -> str:
    """A pod's name without its namespace."""
    return name.rpartition("/")[2]


def pods(names: Iterable[str]) -> str:
    """A list of pods that stays short, without their namespace."""
    return listing(sorted(map(short, names)))


def connections(case: Case) -> Line:
    """How many connections each ready pod holds."""
    each = {server.name: sum(h.most for h in case.held if h.server == server.name) for server in case.ready}
    return Line(f"connections: {listing([f'{short(name)} {number}' for name, number in each.items()])}",
                "server sockets")  # fmt: skip


UNEVEN = (Outcome.PINNED, Outcome.UNBALANCED, Outcome.IN_TURNS)


def severity_of(case: Case) -> Severity:
    """How grave what spreads calls badly is here: where they are provably spread all the same, it is but a risk."""
    return Severity.RISK if case.judged.outcome is Outcome.BALANCED else Severity.PROBLEM


def part_of(case: Case, callers: Collection[Caller]) -> float:
    """The part (0 to 1) of the seen imbalance that what concerns these callers explains.

    Their part of all calls, or of connections where nobody counts calls; 0 where calls are spread evenly.
    """
    names = {caller.name for caller in callers}
    judged = case.judged
    if judged.calls is not None and any(flow.caller for flow in judged.calls.flows):
        if judged.outcome not in UNEVEN:
            return 0.0
        total = sum(flow.calls for flow in judged.calls.flows)
        return sum(flow.calls for flow in judged.calls.flows if flow.caller in names) / total if total else 0.0
    if judged.known and judged.outcome is Outcome.BALANCED:
        return 0.0
    everybody = sum(held.most for held in case.held)
    return sum(held.most for held in case.held if held.caller in names) / everybody if everybody else 0.0
