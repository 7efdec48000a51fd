"""What a strategy costs: memory and CPU of the proxies that it adds, and memory of its control plane."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import replace

from lbdemo.cluster.kernel.steps import Tools
from lbdemo.cluster.trial.usage import PROXIES, Usage, read_usage
from lbdemo.cluster.trial.verify import Installation
from lbdemo.config import ISTIO_NAMESPACE, UpConfig
from lbdemo.kube.answers import need
from lbdemo.kube.kinds import PODS
from lbdemo.records import Costs
from lbdemo.tools.kubectl import Kubectl

FRESH = 25.0  # seconds to wait at most for figures of a certain time: a kubelet measures every 10 s or so
LOOK = 1.0
NO_PROXY = "no proxy is among the kubelet's figures"
UNKNOWN = "the kubelet's figures cannot be had (nodes/proxy)"


def before_load(kubectl: Kubectl, config: UpConfig, installation: Installation) -> Usage | None:
    """The proxies' usage before the calls; waits until the kubelet knows all of them."""
    if not (wanted := installation.strategy.proxies(len(installation.servers))):
        return None
    return _fresh(kubectl, _nodes(installation), config.place.namespace, PROXIES, wanted, 0.0)


def after_load(
    tools: Tools, config: UpConfig, installation: Installation, before: Usage | None, calls: Sequence[float]
) -> Costs:
    """The figures for the scoreboard. `calls` are the times of the calls made meanwhile (seconds since the epoch)."""
    strategy = installation.strategy
    found = Costs()
    if strategy.proxies(len(installation.servers)):
        end = max(calls, default=0.0)
        wanted = before.containers if before else 1
        after = _fresh(tools.kubectl, _nodes(installation), config.place.namespace, PROXIES, wanted, end)
        found = proxy_costs(before, after, calls)
    if strategy.mesh is not None:
        selector, container = strategy.mesh.control_plane
        pods = need(tools.api.list(PODS, selector=selector))
        places = {pod.meta.namespace for pod in pods}
        place = ISTIO_NAMESPACE if ISTIO_NAMESPACE in places else min(places, default="")
        control = read_usage(tools.kubectl, {pod.node for pod in pods if pod.node}, place, {container})
        memory = megabytes(control.memory) if control and control.containers else None
        found = replace(found, control_plane_memory_mb=memory)
    return found


def proxy_costs(before: Usage | None, after: Usage | None, calls: Sequence[float]) -> Costs:
    """Memory now, and the CPU spent between two readings for each thousand calls made between them."""
    if after is None or not after.containers:
        why = UNKNOWN if after is None else NO_PROXY
        return Costs(proxies=None, proxy_memory_mb=None, proxy_cpu_ms_per_1000_calls=None, note=why)
    between = sum(before.at <= moment <= after.at for moment in calls) if before else 0
    same = before is not None and before.containers == after.containers and after.cpu_seconds > before.cpu_seconds
    spent = after.cpu_seconds - before.cpu_seconds if before else 0.0
    cpu = round(spent / between * 1e6, 1) if same and between else None
    return Costs(proxies=after.containers, proxy_memory_mb=megabytes(after.memory), proxy_cpu_ms_per_1000_calls=cpu)


def megabytes(size: int) -> float:
    """Bytes as MB (10^6)."""
    return round(size / 1e6, 1)


def _nodes(installation: Installation) -> set[str]:
    return {pod.node for pod in (*installation.servers, *installation.proxies, installation.client) if pod.node}


def _fresh(
    kubectl: Kubectl, nodes: Collection[str], namespace: str, names: Collection[str], wanted: int, since: float
) -> Usage | None:
    """The usage of at least so many containers, measured after `since`; the latest there is when time runs out."""
    deadline = time.monotonic() + FRESH
    while True:
        seen = read_usage(kubectl, nodes, namespace, names)
        enough = seen is None or (seen.containers >= wanted and seen.at > since)
        if enough or time.monotonic() >= deadline:
            return seen
        time.sleep(LOOK)
