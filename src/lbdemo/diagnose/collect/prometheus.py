"""What a Prometheus keeps of the servers: found and tried while they are watched, asked when the watch is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.collect.prometheus_asked import Prometheus, result
from lbdemo.diagnose.collect.prometheus_rows import looks, targets, with_failures
from lbdemo.diagnose.collect.prometheus_series import PLACES, Targets, failures, growth, samples, what_there_is
from lbdemo.diagnose.evidence import key
from lbdemo.diagnose.scrapes import TURNS, Period, Scrapes
from lbdemo.diagnose.times import born
from lbdemo.kube.answers import Unseen, Why
from lbdemo.kube.side_by_side import asking, each
from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.diagnose.collect.asked import Asked, Means
    from lbdemo.diagnose.collect.prometheus_found import Finder
    from lbdemo.diagnose.evidence import Evidence
    from lbdemo.kube.records.pods import Pod

HOUR = 3600.0
"""Seconds of history, or as long as the oldest pod is there."""
PERIODS = 12
STEPS = 4
"""Scrapes that lie in one period at the least."""
FIRST = 300.0
"""Seconds of scrapes that show how far apart they are; those of a Prometheus are at most a minute or two."""
NOTHING = "it keeps no counter of gRPC's calls of these pods, as far as those are known here"
UNREADABLE = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError)
"""What rows of another shape raise."""
Clock = Callable[[], float]
"""Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Known:
    """A Prometheus that knows all of the servers, and by how many seconds its clock is ahead of ours."""

    prometheus: Prometheus
    pods: tuple[Pod, ...]
    targets: Targets
    step: float
    ahead: float


@dataclass(frozen=True, slots=True)
class Kept:
    """What there is of it, and what could not be seen."""

    scrapes: Scrapes | None = None
    unseen: tuple[Unseen, ...] = ()


def sought(asked: Asked, means: Means, evidence: Evidence) -> Known | Kept:
    """One that knows the ready servers. It counts everybody's calls: of no use where some callers are asked about."""
    ready = Case(evidence).ready
    pods = [server.pod for server in ready if server.pod is not None]
    if means.finder is None or len(ready) < 2 or len(pods) < len(ready):
        return Kept()
    return for_everybody(means.finder) if asked.callers else known(means.finder, pods)


def known(finder: Finder, pods: Sequence[Pod], clock: Clock = time.time) -> Known | Kept:
    """The first one that is found and knows the pods, all of one namespace; or why there is none."""
    found = finder.near(pods[0].meta.namespace)
    answers = each(lambda one: _tried(one, tuple(pods), clock), found.prometheuses)
    good = next((answer for answer in answers if isinstance(answer, Known)), None)
    if good is not None:
        return good
    missing = (*found.unseen, *(answer for answer in answers if isinstance(answer, Unseen)))
    asked = tuple(one.where for one in found.prometheuses)
    return Kept(Scrapes(asked=asked) if asked else None, tuple(dict.fromkeys(missing)))


def _tried(prometheus: Prometheus, pods: tuple[Pod, ...], clock: Clock) -> Known | Unseen:
    """Which counters of the pods it keeps; that there are none is told, and never taken for none of a call."""
    most, name = 0, ""
    for place in PLACES:
        asked, rows = clock(), result(prometheus, "query", {"query": what_there_is(place, pods)})
        if isinstance(rows, Unseen):
            return rows
        try:
            there = targets(rows, place, pods)
            if isinstance(there, Targets):
                ahead = float(rows[0]["value"][0]) - (asked + clock()) / 2
                return _paced(prometheus, pods, there, ahead)
        except UNREADABLE as error:
            return _damaged(prometheus, error)
        if there[1] > most:
            name, most = there
    detail = f"it keeps {name} of {most} of {count(len(pods), 'pod')} only" if most else NOTHING
    return Unseen(_what(prometheus), Why.ABSENT, detail)


def _what(prometheus: Prometheus) -> str:
    return f"calls in Prometheus {prometheus.where}"


def _damaged(prometheus: Prometheus, error: Exception) -> Unseen:
    return Unseen(_what(prometheus), Why.DAMAGED, f"{type(error).__name__}: {error}")


def _paced(prometheus: Prometheus, pods: tuple[Pod, ...], there: Targets, ahead: float) -> Known | Unseen:
    """With how far apart its scrapes are."""
    rows = result(prometheus, "query", {"query": samples(there, pods, FIRST)})
    if isinstance(rows, Unseen):
        return rows
    _, step = looks(rows, there, pods, 0)
    if not step:
        return Unseen(_what(prometheus), Why.ABSENT, f"it has read each pod less than twice in {FIRST:.0f} s")
    return Known(prometheus, pods, there, step, ahead)


def for_everybody(finder: Finder) -> Kept:
    """None, where some callers are asked about; who named one is told why."""
    why = Unseen(
        f"calls in Prometheus {finder.shown}", Why.ABSENT, "it counts everybody's calls, whoever is asked about"
    )
    return Kept(unseen=(why,) if finder.name else ())


def told(found: Known | Kept, began: float, clock: Clock = time.time) -> Kept:
    """What it keeps, now that the watch is over: `began` is when that did, by our clock."""
    if isinstance(found, Kept):
        return found
    where, end, start = found.prometheus.where, clock() + found.ahead, began + found.ahead
    span = min(HOUR, end - min(map(born, found.pods)))
    period = ceil(max(span / PERIODS, STEPS * found.step))
    with asking(3) as pool:
        seconds = max(end - start, TURNS * found.step) + 2 * found.step
        recent, failed = (pool.submit(result, found.prometheus, "query", {
            "query": query(found.targets, found.pods, seconds), "time": f"{end:.3f}"})
            for query in (samples, failures))  # fmt: skip
        before = pool.submit(result, found.prometheus, "query_range", {
            "query": growth(found.targets, found.pods, period), "start": f"{min(end, end - span + period):.3f}",
            "end": f"{end:.3f}", "step": str(period)})  # fmt: skip
        answers = recent.result(), before.result(), failed.result()
    unseen = tuple(answer for answer in answers if isinstance(answer, Unseen))
    first, second, third = ([] if isinstance(answer, Unseen) else answer for answer in answers)
    try:
        seen, step = looks(first, found.targets, found.pods, start)
        seen = with_failures(seen, third, found.targets, found.pods, start)
        history = tuple(periods(second, found, start, period))
    except UNREADABLE as error:
        return Kept(Scrapes(asked=(where,)), (_damaged(found.prometheus, error),))
    series = found.targets.series.name
    return Kept(Scrapes(where, (where,), series, step or found.step, seen, history), unseen)


def periods(rows: Sequence[Any], found: Known, start: float, period: float) -> Iterator[Period]:
    """What each pod got, period by period; those without any call of anybody are left out: nobody may have counted."""
    grown: dict[float, dict[str, float]] = {}
    for row in rows:
        pod = found.targets.place.pod_of(row["metric"], found.pods)
        if row["metric"].get("instance", "") == found.targets.instances.get(pod):
            for at, value in row["values"]:
                grown.setdefault(float(at), {})[pod] = float(value)
    for at, calls in sorted(grown.items()):
        there = [pod for pod in found.pods if born(pod) <= at - period]
        counts = tuple((key(pod), round(calls.get(key(pod), 0.0))) for pod in there)
        if any(many for _, many in counts):
            yield Period(at - period - start, at - start, counts)
