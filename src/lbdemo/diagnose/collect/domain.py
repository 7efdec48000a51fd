"""The cluster's DNS domain, as a pod is told it: `cluster.local` unless somebody chose another one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from lbdemo.diagnose.collect.exec_looks import running
from lbdemo.errors import LbdemoError

if TYPE_CHECKING:
    from lbdemo.diagnose.collect.asked import Means
    from lbdemo.kube.records.pods import Pod

USUAL = "cluster.local"
TRIED = 3  # pods and containers that are asked: any of them knows


def domain(means: Means, pods: Sequence[Pod]) -> str:
    """The domain by a pod's resolv.conf; the usual one where none could be read."""
    places = [(pod, container.name) for pod in pods for container in running(pod)][:TRIED]
    for pod, container in places:
        try:
            said = means.kubectl.exec(
                pod.name, pod.meta.namespace, ["cat", "/etc/resolv.conf"], container=container, timeout=5
            )
        except LbdemoError:
            continue
        if found := searched(said.out.splitlines()):
            return found
    return USUAL


def searched(lines: Iterable[str]) -> str:
    """The domain in the search list of a resolv.conf, after `NAMESPACE.svc.`; "" where there is none."""
    names = (word for line in lines if line.startswith("search ") for word in line.split()[1:])
    return next((name.partition(".svc.")[2].rstrip(".") for name in names if ".svc." in name), "")
