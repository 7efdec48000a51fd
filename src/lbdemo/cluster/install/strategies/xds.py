"""Proxyless: the client's gRPC library speaks xDS with istiod itself; no sidecar in the data path."""

from __future__ import annotations

from dataclasses import replace

from lbdemo.cluster.install.strategies import promises
from lbdemo.cluster.install.strategies.base import Cluster, Strategy, calling, full_host
from lbdemo.cluster.install.strategies.mesh import Istio
from lbdemo.cluster.install.values import Values
from lbdemo.config import UpConfig
from lbdemo.measure import Outcome


def shape(server: Values, client: Values, config: UpConfig, cluster: Cluster) -> tuple[Values, Values]:
    """The client calls xds:/// and gets its bootstrap from the chart; the servers are plain."""
    proxyless = replace(server.xds, enabled=True, istiod_address=f"{cluster.istiod.host}:15010")
    target = f"xds:///{full_host(config, cluster)}"
    return replace(server, xds=proxyless), replace(calling(client, target), xds=proxyless)


STRATEGY = Strategy(
    name="xds",
    summary="proxyless gRPC: the client asks istiod",
    outcome=Outcome.BALANCED,
    shape=shape,
    promises=promises.Promises(
        scale_up=promises.found_soon("pushed by istiod"),
        slow=promises.its_turns_slow,
        sick=promises.few_fail("Istio's default retries come by xDS, too: no more than one pod's share fails"),
    ),
    mesh=Istio(sidecars=False),
)
