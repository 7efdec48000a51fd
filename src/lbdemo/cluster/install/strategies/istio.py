"""Istio's sidecars: the client's own proxy balances each request, over mutual TLS."""

from __future__ import annotations

from dataclasses import replace

from lbdemo.cluster.install.strategies.base import Mesh, Strategy, balancing, host
from lbdemo.cluster.install.values import IstioValues, Values
from lbdemo.config import UpConfig
from lbdemo.measure import Outcome


def shape(server: Values, client: Values, config: UpConfig, mesh: Mesh) -> tuple[Values, Values]:
    """Both sides get sidecars; the client calls the ClusterIP Service (a headless name would not be balanced)."""
    sidecars = IstioValues(enabled=True, revision=mesh.revision)
    age = config.max_connection_age or 0
    return (
        replace(
            server,
            istio=sidecars,
            server=replace(server.server, max_connection_age_seconds=age),
            balancing=balancing(server, config),
        ),
        replace(client, istio=sidecars, client=replace(client.client, target=host(config))),
    )


STRATEGY = Strategy(
    "istio",
    "Istio's sidecars, with mutual TLS",
    Outcome.BALANCED,
    shape,
    injects=True,
    needs_istiod=True,
    adds_proxies=True,
)
