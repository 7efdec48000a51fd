"""What pods use, as a metrics server tells it (metrics.k8s.io) or a kubelet (its /stats/summary)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lbdemo.kube.records.quantities import amount


@dataclass(frozen=True, slots=True)
class PodUsage:
    """The CPU of one pod with all its containers, in cores, over the last 10 to 60 s."""

    namespace: str
    name: str
    cores: float


@dataclass(frozen=True, slots=True)
class PodTraffic:
    """What one pod has received and sent since it began, in bytes, and when its kubelet looked."""

    namespace: str
    name: str
    at: str  # RFC 3339
    received: int
    sent: int


def parse_pod_usage(item: Mapping[str, Any]) -> PodUsage:
    """A PodMetrics object."""
    meta = item["metadata"]
    cores = sum(amount(container["usage"]["cpu"]) for container in item.get("containers") or ())
    return PodUsage(meta["namespace"], meta["name"], cores)


def parse_summary(text: str) -> Iterator[PodUsage]:
    """All pods of a kubelet's summary that it has watched for long enough. Raises ValueError for what is none."""
    for pod in json.loads(text).get("pods") or ():
        used = (pod.get("cpu") or {}).get("usageNanoCores")
        if used is not None:
            yield PodUsage(pod["podRef"]["namespace"], pod["podRef"]["name"], used / 1e9)


def parse_traffic(text: str) -> Iterator[PodTraffic]:
    """All pods of a kubelet's summary whose network it watches. Raises ValueError for what is none."""
    for pod in json.loads(text).get("pods") or ():
        seen = pod.get("network") or {}
        if "rxBytes" in seen and "txBytes" in seen:
            ref = pod["podRef"]
            yield PodTraffic(ref["namespace"], ref["name"], seen.get("time", ""), seen["rxBytes"], seen["txBytes"])
