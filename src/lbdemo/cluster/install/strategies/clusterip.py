"""No remedy: one channel to a ClusterIP Service, where kube-proxy picks a pod once a connection."""

from __future__ import annotations

from dataclasses import replace

from lbdemo.cluster.install.strategies.base import Mesh, Strategy, host
from lbdemo.cluster.install.values import Values
from lbdemo.config import UpConfig
from lbdemo.measure import Outcome


def shape(server: Values, client: Values, config: UpConfig, mesh: Mesh) -> tuple[Values, Values]:
    """The client calls the Service's name."""
    age = config.max_connection_age or 0
    return (
        replace(server, server=replace(server.server, max_connection_age_seconds=age)),
        replace(client, client=replace(client.client, target=host(config))),
    )


STRATEGY = Strategy(
    "clusterip", "one connection to a ClusterIP Service: the negative control", Outcome.PINNED, shape, policies=False
)
