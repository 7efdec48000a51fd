"""Istio's sidecars: the client's own proxy balances each request, over mutual TLS."""

from __future__ import annotations

from dataclasses import replace

from lbdemo.cluster.install.strategies import promises
from lbdemo.cluster.install.strategies.base import Cluster, Strategy, calling, host
from lbdemo.cluster.install.strategies.mesh import Istio
from lbdemo.cluster.install.values import IstioValues, Values
from lbdemo.config import UpConfig
from lbdemo.measure import Outcome
from lbdemo.traces.role import MESHED


def shape(server: Values, client: Values, config: UpConfig, cluster: Cluster) -> tuple[Values, Values]:
    """Both sides get sidecars; the client calls the ClusterIP Service (a headless name would not be balanced)."""
    sidecars = IstioValues(enabled=True, revision=cluster.istiod.revision)
    return replace(server, istio=sidecars), replace(calling(client, host(config, cluster)), istio=sidecars)


STRATEGY = Strategy(
    name="istio",
    summary="Istio's sidecars, with mutual TLS",
    outcome=Outcome.BALANCED,
    shape=shape,
    promises=promises.Promises(
        scale_up=promises.found_soon("pushed by istiod"),
        slow=promises.by_policy,
        sick=promises.few_fail(
            "Istio retries UNAVAILABLE on another pod by default: few fail; outlier detection takes it out"
        ),
    ),
    mesh=Istio(sidecars=True),
    path=MESHED,
    proxies=lambda servers: servers + 1,
    policies=True,
    detects=True,
)
