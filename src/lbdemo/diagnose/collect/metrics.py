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
    from lbdemo.kube.records.pods import Pod

PATH, PORT, SCRAPE = (f"prometheus.io/{word}" for word in ("path", "port", "scrape"))
NAMED = ("metrics", "http-metrics", "http-prom", "prometheus", "monitoring", "http-monitoring")
ISTIO_PORT, LINKERD_PORT = 15020, 4191

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
    """All that is read of a page. Raises ValueError for lines that are none."""
    return Figures(counted(text), failures(text))


def counted(text: str) -> dict[str, int]:
    """The calls by series that a page of figures has; a series that is not there is not in it.

    Only its lines are read: a proxy's page may have megabytes of others. Raises ValueError for lines that are none.
    """
    found: dict[str, float] = {}
    for series, _, value in _samples(text, SERIES):
        found[series.name] = found.get(series.name, 0.0) + value
    return {name: round(value) for name, value in found.items()}


def failures(text: str) -> dict[str, int]:
    """The calls that the server itself failed, by status code, of the surest series on the page that says how calls
    end; {} without one. Raises ValueError as `counted` does."""
    by_series: dict[str, dict[str, float]] = {}
    for series, labels, value in _samples(text, ENDED):
        found = by_series.setdefault(series.name, {})
        if code := fault(labels.get(series.status, "")):
            found[code] = found.get(code, 0.0) + value
    surest = next((by_series[series.name] for series in ENDED if series.name in by_series), {})
    return {code: round(value) for code, value in surest.items()}


def _samples(text: str, wanted: Iterable[Series]) -> Iterator[tuple[Series, Mapping[str, str], float]]:
    """What the page says of these series, calls of nobody's left out."""
    from prometheus_client.parser import text_string_to_metric_families as families

    known = {series.name: series for series in wanted}
    ours = (line for line in text.splitlines() if NAME.split(line, maxsplit=1)[0] in known)
    for sample in (sample for family in families("\n".join(ours) + "\n") for sample in family.samples):
        if _counts(known[sample.name], sample.labels) and isfinite(sample.value):
            yield known[sample.name], sample.labels, sample.value


def _counts(series: Series, labels: Mapping[str, str]) -> bool:
    if any(labels.get(name) != value for name, value in (series.wanted or {}).items()):
        return False
    return not UNASKED.match(labels.get(series.method, ""))
