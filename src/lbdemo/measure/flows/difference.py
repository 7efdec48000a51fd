"""What flowed between looks at counters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lbdemo.measure.flows.flow import Cause, Dropped, Flow
from lbdemo.measure.flows.looks import Look, check_order

State = Mapping[str, int]
"""A caller's counters in one look, by endpoint; empty where it was not seen."""


@dataclass(frozen=True, slots=True)
class _Interval:
    """Between two looks in which a caller was seen: the calls to each endpoint, or why nobody knows them."""

    end_look: int
    start: float
    end: float
    calls: Mapping[str, int]
    cause: Cause | None = None
    culprits: tuple[str, ...] = ()

    @property
    def endpoints(self) -> frozenset[str]:
        return frozenset(self.calls)

    def fits(self, endpoints: frozenset[str]) -> bool:
        return self.cause is None and self.endpoints == endpoints

    def dropped(self, endpoints: frozenset[str]) -> Dropped:
        culprits = self.culprits or tuple(sorted(self.endpoints ^ endpoints))
        return Dropped(self.start, self.end, self.cause or Cause.OTHERS, culprits)


def difference(looks: Sequence[Look]) -> tuple[Flow, ...]:
    """What flowed between the looks: a flow for each caller, sorted by name.

    A caller's interval lies between two looks that follow each other among those that show it. One in which a counter
    fell, or an endpoint came or went, is left out; where several sets of endpoints remain, the one with most calls (of
    all callers together) is kept. All that is left out is told in the flow. Raises InputError for fewer than two
    looks, or for looks that are not in the order of their time.
    """
    check_order(looks)
    states = _states(looks)
    intervals = {caller: list(_intervals(looks, states[caller])) for caller in sorted(states)}
    weight: Counter[frozenset[str]] = Counter()
    for interval in (interval for each in intervals.values() for interval in each):
        if interval.cause is None:
            weight[interval.endpoints] += sum(interval.calls.values())
    return tuple(_flow(caller, intervals[caller], looks, states[caller], weight) for caller in intervals)


def _states(looks: Sequence[Look]) -> dict[str, list[State]]:
    """The counters of each caller, look by look."""
    callers = {reading.caller for look in looks for reading in look.readings}
    found: dict[str, list[State]] = {caller: [] for caller in callers}
    for look in looks:
        shown = {caller: dict.fromkeys(look.endpoints, 0) for caller in callers}
        for reading in look.readings:
            shown[reading.caller][reading.endpoint] = reading.count
        for caller, states in found.items():
            states.append(shown[caller])
    return found


def _intervals(looks: Sequence[Look], states: Sequence[State]) -> Iterator[_Interval]:
    seen = [number for number, state in enumerate(states) if state]
    for before, after in pairwise(seen):
        yield _interval(after, (looks[before].at, looks[after].at), states[before], states[after])


def _interval(number: int, span: tuple[float, float], before: State, after: State) -> _Interval:
    calls = {endpoint: count - before.get(endpoint, 0) for endpoint, count in after.items()}
    if changed := tuple(sorted(before.keys() ^ after.keys())):
        return _Interval(number, *span, calls, Cause.CHANGED, changed)
    fallen = tuple(sorted(endpoint for endpoint, more in calls.items() if more < 0))
    return _Interval(number, *span, calls, Cause.RESTARTED if fallen else None, fallen)


def _flow(
    caller: str,
    intervals: Sequence[_Interval],
    looks: Sequence[Look],
    states: Sequence[State],
    weight: Mapping[frozenset[str], int],
) -> Flow:
    everywhere = frozenset(endpoint for state in states for endpoint in state)
    sets = {interval.endpoints for interval in intervals if interval.cause is None}
    endpoints = max(sets, key=lambda those: (weight[those], sorted(those)), default=everywhere)
    kept = [interval for interval in intervals if interval.fits(endpoints)]
    names = tuple(sorted(endpoints))
    return Flow(
        caller=caller,
        endpoints=names,
        rows=tuple(tuple(interval.calls[name] for name in names) for interval in kept),
        ends=tuple(interval.end_look for interval in kept),
        seconds=sum(interval.end - interval.start for interval in kept),
        error=max(look.error for look, state in zip(looks, states, strict=True) if state),
        dropped=tuple(interval.dropped(endpoints) for interval in intervals if not interval.fits(endpoints)),
        passing=tuple(sorted(everywhere - endpoints)),
    )
