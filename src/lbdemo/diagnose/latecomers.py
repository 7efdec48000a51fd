"""Pods that became ready only when callers had their connections to others, through a Service that draws each once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.diagnose.path import sees_pods
from lbdemo.diagnose.times import ready_for, runs_for

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.diagnose.servers import Server

SYNCED = 2.0
"""Seconds in which nodes learn of a pod that is ready: so long a Service may not lead to it yet."""
CHANCE = 0.05


@dataclass(frozen=True, slots=True)
class Latecomers:
    """Callers with pools of connections, the pods that have all of them, and those that were ready only later.

    `chance` is how probable it is that none of the connections leads to these, were each drawn at random.
    """

    callers: tuple[Caller, ...]
    known: tuple[Server, ...]
    late: tuple[Server, ...]
    chance: float

    @property
    def sure(self) -> bool:
        """Whether chance hardly does that."""
        return self.chance < CHANCE


def pools(case: Case) -> list[Caller]:
    """Callers without a proxy that hold as many connections as there are pods, or more, drawn one by one."""
    return [c for c in case.plain if c.pod is not None and case.connections(c) >= len(case.ready)
            and not sees_pods(case, c, {held.server: held.most for held in case.held_by(c)})]  # fmt: skip


def latecomers(case: Case) -> Latecomers | None:
    """Pods to which no connection of a pool leads, and that were ready only after its callers had begun, and after
    the others; None where some pod has none for another reason, or nobody knows."""
    service, callers = case.evidence.service, tuple(pools(case))
    if service.headless or service.sticky or not callers or not case.all_sockets_seen:
        return None
    reached = {name for caller in callers for name in case.reached(caller)}
    known, late = ([s for s in case.ready if (s.name in reached) is there] for there in (True, False))
    if not known or not late or not all(_later(case, one, known, callers) for one in late):
        return None
    held = sum(case.connections(caller) for caller in callers)
    return Latecomers(callers, tuple(known), tuple(late), (len(known) / len(case.ready)) ** held)


def _later(case: Case, late: Server, known: list[Server], callers: tuple[Caller, ...]) -> bool:
    now = case.evidence.made
    ready = ready_for(late.pod, now)
    others = [ready_for(server.pod, now) for server in known]
    begun = [runs_for(caller.pod, now) for caller in callers]
    if ready is None or None in others or None in begun:
        return False
    return all(ready < each for each in others if each is not None) and all(
        ready < each + SYNCED for each in begun if each is not None
    )
