"""The CPU of the servers, where it can be had: of a metrics server, else of their nodes' kubelets.

No verdict stands on it. That it cannot be had is nothing to tell: who may not ask a kubelet had better not be allowed
to (`nodes/proxy` is the right to run programs on the node), and few clusters have no metrics server.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from lbdemo.diagnose.collect import kubelets
from lbdemo.diagnose.evidence import key
from lbdemo.diagnose.looks import PodCpu
from lbdemo.kube.answers import Unseen
from lbdemo.kube.kinds import POD_METRICS
from lbdemo.kube.records.usage import PodUsage, parse_summary
from lbdemo.kube.selectors import equal_to

if TYPE_CHECKING:
    from lbdemo.kube.api import Api
    from lbdemo.kube.records.pods import Pod
    from lbdemo.kube.records.services import Service


def used(api: Api, service: Service, servers: Sequence[Pod]) -> tuple[PodCpu, ...]:
    """The CPU of those servers of which somebody tells it; () when nobody does."""
    told = api.list(POD_METRICS, service.meta.namespace, selector=equal_to(service.selector), timeout=kubelets.TIMEOUT)
    if not isinstance(told, Unseen) and told:
        return _of(servers, told, "metrics server")
    found = kubelets.told(api, servers, parse_summary, {"only_cpu_and_memory": "true"})
    return _of(servers, found, "kubelets")


def _of(servers: Iterable[Pod], told: Iterable[PodUsage], source: str) -> tuple[PodCpu, ...]:
    ours = {key(pod) for pod in servers}
    return tuple(
        PodCpu(f"{one.namespace}/{one.name}", one.cores, source)
        for one in told
        if f"{one.namespace}/{one.name}" in ours
    )
