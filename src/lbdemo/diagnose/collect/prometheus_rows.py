"""What the rows of a Prometheus' answers tell: which counters of which pods it keeps, and looks at those."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from lbdemo.diagnose.collect.prometheus_series import INSTANCE, UP, Labels, Place, Targets
from lbdemo.diagnose.evidence import key
from lbdemo.diagnose.looks import MetricsLook
from lbdemo.diagnose.series import ENDED, SERIES, fault
from lbdemo.diagnose.times import born

if TYPE_CHECKING:
    from lbdemo.kube.records.pods import Pod


STATUS = {series.name: series.status for series in ENDED}
"""By series, the surest first: the label that says how calls ended."""


@dataclass(slots=True)
class _Job:
    """What one job reads: by series and pod the instances that have it, and by pod those that were read at all."""

    having: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    up: dict[str, list[str]] = field(default_factory=dict)


def targets(rows: Sequence[Any], place: Place, pods: Sequence[Pod]) -> Targets | tuple[str, int]:
    """The series to go by, of the answer to `what_there_is`; else the one that most servers have ("": none), and how
    many.

    A server without it has counted nothing if it is read by the same job at the same port as one that has it, and runs
    the same images: go by that rather than by silence. The surest series of those that most have is taken.
    """
    jobs: dict[str, _Job] = {}
    for row in rows:
        labels = row["metric"]
        if pod := place.pod_of(labels, pods):
            _note(jobs.setdefault(labels.get("job", ""), _Job()), labels, pod, float(row["value"][1]))
    best: tuple[tuple[int, int, int], Targets] | None = None
    for name, job in sorted(jobs.items()):
        for rank, series in enumerate(SERIES):
            having = job.having.get(series.name, {})
            instances = _instances(having, job.up, pods)
            worth = len(instances), len(having), -rank
            if having and (best is None or worth > best[0]):
                best = worth, Targets(place, series, name, instances)
    if best is None:
        return "", 0
    (covered, _, _), chosen = best
    return chosen if covered == len(pods) else (chosen.series.name, covered)


def _note(job: _Job, labels: Labels, pod: str, value: float) -> None:
    name, instance = labels.get("__name__", ""), labels.get(INSTANCE, "")
    if name == UP:
        if value == 1:
            job.up.setdefault(pod, []).append(instance)
    else:
        job.having.setdefault(name, {}).setdefault(pod, []).append(instance)


def _instances(having: Mapping[str, list[str]], up: Mapping[str, list[str]], pods: Sequence[Pod]) -> dict[str, str]:
    """One instance for each pod that has the series, or that is read like one that has it."""
    found = {pod: min(instances) for pod, instances in having.items()}
    ports = {_port(instance) for instance in found.values()}
    images = {_images(pod) for pod in pods if key(pod) in found}
    for pod in pods:
        same = [instance for instance in up.get(key(pod), ()) if _port(instance) in ports]
        if key(pod) not in found and same and _images(pod) in images:
            found[key(pod)] = min(same)
    return found


def _port(instance: str) -> str:
    return instance.rpartition(":")[2] if ":" in instance else ""


def _images(pod: Pod) -> frozenset[tuple[str, str]]:
    return frozenset((container.name, container.image) for container in pod.containers)


@dataclass(slots=True)
class _Read:
    """What was read of one pod, by time: when a page came, and what it counted."""

    pages: set[float] = field(default_factory=set)
    counts: defaultdict[float, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def calls(self) -> dict[float, float]:
        """The counts of the pages that came; where those have other times than counts, of those."""
        if self.counts and not self.pages & self.counts.keys():
            return dict(self.counts)
        return {at: self.counts.get(at, 0.0) for at in self.pages}


def looks(
    rows: Sequence[Any], known: Targets, pods: Sequence[Pod], began: float
) -> tuple[tuple[MetricsLook, ...], float]:
    """The looks in the answer to `samples`, and how many seconds lie between two of a pod (0: there are no two).

    `began` is when watching did, by Prometheus' clock. Pods are read at times of their own: a turn has the scrapes of
    all pods within one step, counted from the newest one of each.
    """
    read: dict[str, _Read] = {pod: _Read() for pod in known.instances}
    for row in rows:
        labels = row["metric"]
        pod = known.place.pod_of(labels, pods)
        if _same_page(labels, known, pod):
            _read(read[pod], labels.get("__name__", ""), row["values"])
    since = {key(pod): born(pod) for pod in pods}  # before that, somebody else may have had its address
    calls = {
        pod: {at: many for at, many in sorted(each.calls.items()) if at >= since[pod]} for pod, each in read.items()
    }
    apart = [after - before for times in map(list, calls.values()) for before, after in pairwise(times)]
    step = median(apart) if apart else 0.0
    return (tuple(_looks(calls, step, known.series.name, began)) if step else ()), step


def _read(read: _Read, name: str, values: Sequence[Any]) -> None:
    for at, value in values:
        if name == UP and float(value) == 1:
            read.pages.add(float(at))
        elif name != UP:
            read.counts[float(at)] += float(value)


def _looks(calls: Mapping[str, Mapping[float, float]], step: float, source: str, began: float) -> Iterator[MetricsLook]:
    newest = max(at for counts in calls.values() for at in counts)
    turns: dict[tuple[int, str], MetricsLook] = {}
    for pod, counts in calls.items():
        last = max(counts, default=newest)
        missed = int((newest - last) / step)
        for at, count in counts.items():
            turn = round((at - last) / step) - missed
            turns[turn, pod] = MetricsLook(pod, turn, at - began, source, round(count))
    first = min(turn for turn, _ in turns)
    for turn, pod in sorted(turns):
        look = turns[turn, pod]
        yield MetricsLook(pod, turn - first, look.at, source, look.calls)


def with_failures(
    looks: Sequence[MetricsLook], rows: Sequence[Any], known: Targets, pods: Sequence[Pod], began: float
) -> tuple[MetricsLook, ...]:
    """The looks with the calls that the servers failed, as the answer to `failures` has them of the same scrapes."""
    told: dict[tuple[str, float], dict[str, dict[str, float]]] = {}
    for row in rows:
        labels = row["metric"]
        pod, name = known.place.pod_of(labels, pods), labels.get("__name__", "")
        if code := fault(labels.get(STATUS.get(name, ""), "")) if _same_page(labels, known, pod) else "":
            for at, value in row["values"]:
                counts = told.setdefault((pod, float(at) - began), {}).setdefault(name, {})
                counts[code] = counts.get(code, 0.0) + float(value)
    return tuple(replace(look, failed=_surest(told.get((look.pod, look.at), {}))) for look in looks)


def _surest(told: Mapping[str, Mapping[str, float]]) -> tuple[tuple[str, int], ...]:
    """By status code, of the surest series that has any."""
    counts = next((told[name] for name in STATUS if name in told), {})
    return tuple((code, round(many)) for code, many in counts.items())


def _same_page(labels: Labels, known: Targets, pod: str) -> bool:
    return labels.get(INSTANCE, "") == known.instances.get(pod)
