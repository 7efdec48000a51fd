"""LB103: the Service is headless, and the client takes the first address of many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import CannotTell, Finding, Line
from lbdemo.diagnose.fixes import ask_for_round_robin, limit_connection_age
from lbdemo.diagnose.images import is_proxy
from lbdemo.diagnose.parts import part_of, pods, severity_of, short
from lbdemo.diagnose.times import LEARNT, came_later, missed_at_start
from lbdemo.diagnose.told import takes_turns
from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.kube.records.services import Service

CODE, NAME = "LB103", "headless-pick-first"


def cause(case: Case) -> Iterator[Finding | CannotTell]:
    """Callers without a proxy that are connected to one of the pods that a headless Service shows them.

    Where all other pods came after both the caller and that pod, or were ready only when the caller had begun, a
    client with round_robin that did not ask DNS again looks the same (LB107): of one that was told to take turns
    nothing is said, of others that it is possible (and nothing for a minute, where pods came later).
    """
    if not case.evidence.service.headless or len(case.ready) < 2:
        return
    few = [caller for caller in at_one(case) if told_apart(case, caller) is not None]
    if few:
        yield _finding(case, few)
    elif not (case.all_sockets_seen or (case.evidence.callers and _all_known(case))):
        yield CannotTell(CODE, NAME, "not all servers' sockets could be seen: nobody knows who holds connections")


def _beside(case: Case) -> list[Service]:
    found = case.evidence.surroundings.services
    return [one for one in found if not one.headless] if isinstance(found, tuple) else []


def at_one(case: Case) -> list[Caller]:
    """Callers that are connected to one pod. A proxy is not a gRPC client: what it does is another cause.

    Nor are those meant that call that pod by its own name (LB124).
    """
    one = (caller for caller in case.plain if len(case.reached(caller)) == 1 and not is_proxy(caller.pod))
    return [caller for caller in one if case.sees_connections(caller) and not case.by_own_names(caller)]


def told_apart(case: Case, caller: Caller) -> bool | None:
    """Whether it is certain that the client takes the first address; None where nobody should speak of it."""
    reached = [server for server in case.ready if server.name in case.reached(caller)]
    others = [server for server in case.ready if server not in reached]
    there, now = [server.pod for server in reached], case.evidence.made
    later = came_later([server.pod for server in others], [*there, caller.pod], now)
    if len(later) == len(others) and min(later) < LEARNT:
        return None
    if len(later) < len(others) and not all(missed_at_start(s.pod, caller.pod, there, now) for s in others):
        return True
    return None if takes_turns(caller.pod) else False


def _all_known(case: Case) -> bool:
    return all(map(case.sees_connections, case.evidence.callers))


def _finding(case: Case, few: list[Caller]) -> Finding:
    service = case.evidence.name
    where = {name for caller in few for name in case.reached(caller)}
    seen = [
        Line(f"{short(c.name)} holds {count(case.connections(c), 'connection')}, to {pods(case.reached(c))}",
             case.whose_sockets) for c in few[:4]
    ]  # fmt: skip
    if len(few) > 1 and len(where) == 1:
        seen.append(
            Line(f"all {len(few)} callers are at the same pod: DNS answers in a fixed order", case.whose_sockets)
        )
    unsure = [caller for caller in few if not told_apart(case, caller)]
    if unsure:
        seen.append(Line("the other pods came later: with round_robin, clients that never asked DNS again look the "
                         "same", "API"))  # fmt: skip
    unseen = [caller for caller in few if not case.socket_looks(caller.name)] if _beside(case) else []
    if unseen:
        seen.append(Line(f"Service {_beside(case)[0].meta.name} has an address for the same pods: who calls that "
                         "looks the same", "API"))  # fmt: skip
    return Finding(
        CODE, NAME,
        sentence="The client sees all pods (the Service is headless) and uses one: gRPC's default is pick_first.",
        severity=severity_of(case),
        evidence=(*seen, Line(f"Service {service} is headless, with {len(case.ready)} ready pods", "API")),
        fixes=(ask_for_round_robin(case), *((limit_connection_age(case),) if unsure else ())),
        explains=part_of(case, few),
        possible=bool(unsure or unseen) or any(caller.pod is None for caller in few) or not _all_known(case),
    )  # fmt: skip
