"""What servers count themselves, asked over HTTP through the API server: their mesh's proxies, or the applications."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING

from lbdemo.diagnose.proxies import ISTIO, LINKERD, proxy_of
from lbdemo.diagnose.series import ENDED, SERIES, Series, fault

if TYPE_CHECKING:
    from prometheus_client.samples import Sample

    from lbdemo.kube.records.pods import Pod

PATH, PORT, SCRAPE = (f"prometheus.io/{word}" for word in ("path", "port", "scrape"))
NAMED = ("metrics", "http-metrics", "http-prom", "prometheus", "monitoring", "http-monitoring")
ISTIO_PORT, LINKERD_PORT = 15020, 4191
NAMES = {series.name for series in (*SERIES, *ENDED)}

NAME = re.compile(r"[{\s]")
UNASKED = re.compile(r"^/?grpc\.(health|reflection|channelz)\.")
"""Methods that are no calls of anybody's: health checks, reflection, channelz."""


@dataclass(frozen=True, slots=True)
class Page:
    """Where a pod may tell its figures."""

    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What a page tells: the calls by series, and by status code those that the server itself failed."""

    calls: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)


def pages(pod: Pod) -> Iterator[Page]:
    """Where the pod may tell them, each once: its mesh's proxy, its annotations, ports that are named so."""
    proxy = proxy_of(pod)
    if proxy == ISTIO:
        yield Page(ISTIO_PORT, "stats/prometheus")
    if proxy == LINKERD:
        yield Page(LINKERD_PORT, "metrics")
    told = pod.meta.annotations
    port = told.get(PORT, "")
    if port.isdigit() and told.get(SCRAPE, "true") == "true" and int(port) != ISTIO_PORT:
        yield Page(int(port), told.get(PATH, "/metrics").lstrip("/"))
        return
    for one in (port for container in pod.containers for port in container.ports):
        if one.name in NAMED:
            yield Page(one.number, "metrics")
            return


def figures(text: str) -> Figures:
    """What a page of figures has of our series; a series that is not there is not in it.

    Only its lines are read: a proxy's page may have megabytes of others. Raises ValueError for lines that are none.
    """
    samples = list(_samples(text))
    return Figures(_counted(samples), _failures(samples))


def _samples(text: str) -> Iterator[Sample]:
    from prometheus_client.parser import text_string_to_metric_families as families

    ours = (line for line in text.splitlines() if NAME.split(line, maxsplit=1)[0] in NAMES)
    for family in families("\n".join(ours) + "\n"):
        yield from (sample for sample in family.samples if isfinite(sample.value))


def _counted(samples: Iterable[Sample]) -> dict[str, int]:
    """The calls by series."""
    found: dict[str, float] = {}
    for series, sample in _of(SERIES, samples):
        found[series.name] = found.get(series.name, 0.0) + sample.value
    return {name: round(value) for name, value in found.items()}


def _failures(samples: Iterable[Sample]) -> dict[str, int]:
    """By status code, of the surest series on the page that says how calls end; {} without one."""
    by_series: dict[str, dict[str, float]] = {}
    for series, sample in _of(ENDED, samples):
        found = by_series.setdefault(series.name, {})
        if code := fault(sample.labels.get(series.status, "")):
            found[code] = found.get(code, 0.0) + sample.value
    surest = next((by_series[series.name] for series in ENDED if series.name in by_series), {})
    return {code: round(value) for code, value in surest.items()}


def _of(wanted: Iterable[Series], samples: Iterable[Sample]) -> Iterator[tuple[Series, Sample]]:
    """The samples of these series, calls of nobody's left out."""
    known = {series.name: series for series in wanted}
    for sample in samples:
        if sample.name in known and _counts(known[sample.name], sample.labels):
            yield known[sample.name], sample


def _counts(series: Series, labels: Mapping[str, str]) -> bool:
    if any(labels.get(name) != value for name, value in (series.wanted or {}).items()):
        return False
    return not UNASKED.match(labels.get(series.method, ""))
