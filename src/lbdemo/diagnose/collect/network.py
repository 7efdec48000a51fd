"""What the servers' pods receive and send, where it can be had: of their nodes' kubelets, before the watch and after.

No verdict stands on it: bytes are no calls, and probes and all else that a pod does are among them. That it cannot be
had is nothing to tell, as with CPU. A kubelet looks every 10 to 15 s: in a short watch it may have nothing new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lbdemo.diagnose.collect import kubelets
from lbdemo.diagnose.evidence import key
from lbdemo.diagnose.looks import PodNetwork
from lbdemo.kube.records.usage import PodTraffic, parse_traffic

if TYPE_CHECKING:
    from lbdemo.kube.api import Api
    from lbdemo.kube.records.pods import Pod


def read(api: Api, servers: Sequence[Pod]) -> Mapping[str, PodTraffic]:
    """By pod, of those servers of which a kubelet tells it: not of those in the node's network, who share its count."""
    ours = {key(pod) for pod in servers if not pod.host_network}
    told = kubelets.told(api, servers, parse_traffic)
    return {name: one for one in told if (name := f"{one.namespace}/{one.name}") in ours}


def since(api: Api, before: Mapping[str, PodTraffic], servers: Sequence[Pod]) -> tuple[PodNetwork, ...]:
    """What has come to it since then; () when nobody told it then, and without asking again."""
    return carried(before, read(api, servers)) if before else ()


def carried(before: Mapping[str, PodTraffic], after: Mapping[str, PodTraffic]) -> tuple[PodNetwork, ...]:
    """What each pod of both readings received and sent between them.

    Without those of which the kubelet has seen nothing new, and those whose counters fell: they began again.
    """
    pairs = ((name, before[name], now) for name, now in after.items() if name in before)
    return tuple(
        PodNetwork(name, now.received - then.received, now.sent - then.sent, "kubelets")
        for name, then, now in pairs
        if now.at != then.at and now.received >= then.received and now.sent >= then.sent
    )
