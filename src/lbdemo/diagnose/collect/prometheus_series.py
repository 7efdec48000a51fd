"""How a Prometheus is asked for counters of pods: the labels by which it may know them, and PromQL."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.diagnose.collect.metrics import UNASKED
from lbdemo.diagnose.evidence import key
from lbdemo.diagnose.series import ENDED, FAULTS, SERIES, Series
from lbdemo.promql import quoted

if TYPE_CHECKING:
    from lbdemo.kube.records.pods import Pod

UP = "up"
"""The series that says of each scrape whether it came: what a page lacks that was read is 0, and nothing else is."""
INSTANCE = "instance"
FAULTY = "|".join((*FAULTS, *(name.replace("_", "_?") for name in FAULTS.values())))
"""A status by which a server fails, as a pattern: by its number or its name, however that is spelled."""
Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """By which labels a Prometheus tells the pods of one namespace apart; by their addresses where `pod` is ""."""

    namespace: str = ""
    pod: str = ""

    def matchers(self, pods: Sequence[Pod]) -> list[str]:
        """What takes these pods only."""
        if self.pod:
            names = "|".join(re.escape(pod.name) for pod in pods)
            return [f"{self.namespace}={quoted(pods[0].meta.namespace)}", f"{self.pod}=~{quoted(names)}"]
        hosts = "|".join(re.escape(host) for pod in pods for host in _hosts(pod))
        return [f"{INSTANCE}=~{quoted(f'({hosts}):[0-9]+')}"]

    def pod_of(self, labels: Labels, pods: Sequence[Pod]) -> str:
        """Which of the pods a row is of, as namespace/name; "" for none."""
        if self.pod:
            return next((key(pod) for pod in pods if pod.name == labels.get(self.pod)), "")
        host = labels.get(INSTANCE, "").rpartition(":")[0]
        return next((key(pod) for pod in pods if host in _hosts(pod)), "")

    @property
    def labels(self) -> tuple[str, ...]:
        """Those that tell the pods apart."""
        return (self.namespace, self.pod, INSTANCE) if self.pod else (INSTANCE,)


PLACES = (
    Place("namespace", "pod"),  # the operator's monitors, today's charts, Istio's and Linkerd's samples
    Place("kubernetes_namespace", "kubernetes_pod_name"),  # charts of some years ago
    Place("k8s_namespace_name", "k8s_pod_name"),  # OpenTelemetry's attributes
    Place(),  # whatever else finds pods by their address
)


def _hosts(pod: Pod) -> tuple[str, ...]:
    return tuple(f"[{address}]" if ":" in address else address for address in pod.addresses)


@dataclass(frozen=True, slots=True)
class Targets:
    """The series to go by, of which job, and the `instance` of each server."""

    place: Place
    series: Series
    job: str
    instances: Mapping[str, str]  # by pod


def what_there_is(place: Place, pods: Sequence[Pod]) -> str:
    """The query that shows which counters of the pods there are, and which pods are read."""
    wanted = [f"{name}=~{quoted(f'{value}|')}" for one in SERIES for name, value in (one.wanted or {}).items()]
    names = quoted("|".join((UP, *(one.name for one in SERIES))))
    chosen = ",".join((f"__name__=~{names}", *place.matchers(pods), *dict.fromkeys(wanted)))
    return f"max by ({', '.join(('__name__', 'job', *place.labels))}) ({{{chosen}}})"


def samples(known: Targets, pods: Sequence[Pod], seconds: float) -> str:
    """The query for all that was read in so many seconds, each scrape with its own time, and which scrapes came."""
    named = quoted(f"{UP}|{known.series.name}")
    wanted = [f"{name}=~{quoted(f'{value}|')}" for name, value in (known.series.wanted or {}).items()]
    return f"{{{','.join((f'__name__=~{named}', *_common(known, pods), *wanted))}}}[{seconds:.0f}s]"


def failures(known: Targets, pods: Sequence[Pod], seconds: float) -> str:
    """The query for what was read in so many seconds of the calls that servers failed; those that fail none have no
    row."""
    methods, statuses = (
        dict.fromkeys(names) for names in zip(*((one.method, one.status) for one in ENDED), strict=True)
    )
    chosen = (
        f"__name__=~{quoted('|'.join(one.name for one in ENDED))}", f"job={quoted(known.job)}",
        *known.place.matchers(pods), *(_unasked(method) for method in methods if method),
        *(f"{name}=~{quoted(f'{value}|')}" for one in ENDED for name, value in (one.wanted or {}).items()),
        *(f"{status}=~{quoted(f'(?i:{FAULTY})|')}" for status in statuses),
    )  # fmt: skip
    return f"{{{','.join(chosen)}}}[{seconds:.0f}s]"


def growth(known: Targets, pods: Sequence[Pod], seconds: float) -> str:
    """The query for the calls of each pod in so many seconds, wherever counters began anew."""
    wanted = [f"{name}={quoted(value)}" for name, value in (known.series.wanted or {}).items()]
    chosen = ",".join((*_common(known, pods), *wanted))
    by = ", ".join(known.place.labels)
    return f"sum by ({by}) (increase({known.series.name}{{{chosen}}}[{seconds:.0f}s]))"


def _common(known: Targets, pods: Sequence[Pod]) -> list[str]:
    """The job, the pods, and no health checks."""
    method = known.series.method
    unasked = [_unasked(method)] if method else []
    return [f"job={quoted(known.job)}", *known.place.matchers(pods), *unasked]


def _unasked(method: str) -> str:
    return f"{method}!~{quoted(f'{UNASKED.pattern}.*')}"
