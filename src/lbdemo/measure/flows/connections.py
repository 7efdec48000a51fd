"""What connections alone tell, where nobody counts the calls that go over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lbdemo.measure.flows.looks import Look, check_order
from lbdemo.measure.flows.watched import FEWEST_INTERVALS
from lbdemo.measure.reason import Reason
from lbdemo.measure.verdict import Expectation, Outcome

FEWEST_LOOKS = FEWEST_INTERVALS
"""In fewer looks a connection for each call may by chance be seen at the same endpoint."""

Held = Mapping[str, int]
"""The most connections seen at each endpoint at once."""


@dataclass(frozen=True, slots=True)
class ConnectionVerdict:
    """What the connections of one caller, or ("") of all, make certain; `held` has the most seen at each endpoint."""

    caller: str
    outcome: Outcome
    held: tuple[tuple[str, int], ...]
    reasons: tuple[Reason, ...]


def judge_connections(looks: Sequence[Look], expectation: Expectation) -> tuple[ConnectionVerdict, ...]:
    """Judges held connections (the readings of `looks`): all callers first, then each, sorted by name.

    Calls go where connections are, but how many go over each nobody knows: so this is never BALANCED. In at least 8
    looks the same endpoints must hold a caller's connections. PINNED when that is one endpoint for each caller,
    UNBALANCED when some endpoint has none of anybody's. Otherwise INCONCLUSIVE. Where the expectation names no servers,
    the endpoints are those that the looks show. Raises InputError for looks that cannot follow each other.
    """
    check_order(looks)
    readings = [reading for look in looks for reading in look.readings]
    shown = {name for look in looks for name in look.endpoints} | {reading.endpoint for reading in readings}
    endpoints = expectation.servers or tuple(sorted(shown))
    callers = sorted({reading.caller for reading in readings})
    everybody = _judged("", callers, looks, endpoints)
    return (everybody, *(_judged(caller, [caller], looks, endpoints) for caller in callers))


def _judged(name: str, callers: Sequence[str], looks: Sequence[Look], endpoints: Sequence[str]) -> ConnectionVerdict:
    sets = {caller: {_where(look, caller) for look in looks} for caller in callers}
    held = _most(looks, callers, endpoints)
    outcome, code = _outcome(sets.values(), held, len(looks))
    figures = {"looks": len(looks), "callers": len(callers), "connections": held}
    return ConnectionVerdict(name, outcome, tuple(held.items()), (Reason(code, figures),))


def _where(look: Look, caller: str) -> frozenset[str]:
    """The endpoints that hold connections of the caller."""
    return frozenset(reading.endpoint for reading in look.readings if reading.caller == caller and reading.count)


def _most(looks: Sequence[Look], callers: Sequence[str], endpoints: Sequence[str]) -> dict[str, int]:
    most = dict.fromkeys(endpoints, 0)
    for look in looks:
        now: dict[str, int] = {}
        for reading in look.readings:
            if reading.caller in callers:
                now[reading.endpoint] = now.get(reading.endpoint, 0) + reading.count
        most |= {name: max(count, most.get(name, 0)) for name, count in now.items()}
    return most


def _outcome(sets: Iterable[set[frozenset[str]]], held: Held, looks: int) -> tuple[Outcome, str]:
    """The outcome and the code of its reason, from the sets of endpoints that each caller was seen at."""
    each = list(sets)
    if not any(held.values()):
        return Outcome.INCONCLUSIVE, "no_connections"
    if len(held) < 2:
        return Outcome.INCONCLUSIVE, "one_endpoint"
    if looks < FEWEST_LOOKS or any(len(seen) > 1 for seen in each):
        return Outcome.INCONCLUSIVE, "connections_move" if looks >= FEWEST_LOOKS else "too_few_looks"
    if all(len(endpoints) <= 1 for seen in each for endpoints in seen):
        return Outcome.PINNED, "connections_pinned"
    if not all(held.values()):
        return Outcome.UNBALANCED, "endpoints_without_connections"
    return Outcome.INCONCLUSIVE, "connections_only"
