"""Proxyless: the client's gRPC library speaks xDS with istiod itself; no sidecar in the data path."""

from __future__ import annotations

from dataclasses import replace

from lbdemo.cluster.install.strategies.base import Mesh, Strategy, host
from lbdemo.cluster.install.values import Values
from lbdemo.config import UpConfig
from lbdemo.errors import InputError
from lbdemo.measure import Outcome


def shape(server: Values, client: Values, config: UpConfig, mesh: Mesh) -> tuple[Values, Values]:
    """The client calls xds:/// and gets its bootstrap from the chart; the servers are plain."""
    if config.lb_policy != "round-robin":
        raise InputError(
            f"--lb-policy {config.lb_policy}: gRPC's xDS client has it not in every language",
            "least-request needs --strategy istio or envoy",
        )
    proxyless = replace(server.xds, enabled=True, istiod_address=f"{mesh.istiod}:15010")
    age = config.max_connection_age or 0
    return (
        replace(server, xds=proxyless, server=replace(server.server, max_connection_age_seconds=age)),
        replace(client, xds=proxyless, client=replace(client.client, target=f"xds:///{host(config)}")),
    )


STRATEGY = Strategy(
    "xds", "proxyless gRPC: the client asks istiod", Outcome.BALANCED, shape, needs_istiod=True, policies=False
)
