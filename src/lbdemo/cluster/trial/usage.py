"""Memory and CPU of containers, by the kubelet's own figures (its /stats/summary, through the API server)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lbdemo.errors import LbdemoError
from lbdemo.tools.kubectl import Kubectl

PROXIES = frozenset({"istio-proxy", "envoy"})  # containers that a strategy adds to the echo pods and beside them


@dataclass(frozen=True, slots=True)
class Usage:
    """What some containers use together: memory in bytes (working set), CPU in seconds since they started.

    `at` is when the kubelet measured it (seconds since the epoch, the oldest of them); it does so every 10 s or so.
    """

    containers: int
    memory: int
    cpu_seconds: float
    at: float


def read_usage(kubectl: Kubectl, nodes: Collection[str], namespace: str, names: Collection[str]) -> Usage | None:
    """The usage of all containers of these names in the namespace; None when a kubelet's figures cannot be had."""
    try:
        pods = [pod for node in sorted(nodes) for pod in _summary(kubectl, node)]
        return add_up(pods, namespace, names)
    except (LbdemoError, ValueError, KeyError, TypeError, AttributeError):  # a kubelet that says it in other words
        return None


def _summary(kubectl: Kubectl, node: str) -> list[Mapping[str, Any]]:
    answer = json.loads(kubectl.call("get", "--raw", f"/api/v1/nodes/{node}/proxy/stats/summary"))
    pods: list[Mapping[str, Any]] = answer.get("pods") or []
    return pods


def add_up(pods: Iterable[Mapping[str, Any]], namespace: str, names: Collection[str]) -> Usage:
    """The named containers' usage, out of a summary's pods; native sidecars are listed among the containers."""
    found = [
        container
        for pod in pods
        if pod.get("podRef", {}).get("namespace") == namespace
        for container in pod.get("containers") or ()
        if container.get("name") in names and "cpu" in container and "memory" in container
    ]
    times = [datetime.fromisoformat(c["cpu"]["time"].replace("Z", "+00:00")).timestamp() for c in found]
    return Usage(
        containers=len(found),
        memory=sum(c["memory"].get("workingSetBytes", 0) for c in found),
        cpu_seconds=sum(c["cpu"].get("usageCoreNanoSeconds", 0) for c in found) / 1e9,
        at=min(times, default=0.0),
    )
