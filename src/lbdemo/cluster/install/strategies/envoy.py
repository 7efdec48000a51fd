"""One Envoy Deployment in front of the servers, no mesh: it balances each request."""

from __future__ import annotations

from dataclasses import replace

from lbdemo.cluster.install.strategies.base import Mesh, Strategy, balancing, host, image_values
from lbdemo.cluster.install.values import Values
from lbdemo.cluster.kernel import labels, reference
from lbdemo.config import UpConfig
from lbdemo.measure import Outcome

DRAIN = 8.0  # seconds between SIGTERM and GOAWAY: longer than CoreDNS lets an answer live (5 s), and Envoy's refresh


def shape(server: Values, client: Values, config: UpConfig, mesh: Mesh) -> tuple[Values, Values]:
    """The client calls Envoy's Service; Envoy finds the pods by the headless name."""
    proxy = replace(server.envoy, enabled=True, image=image_values(reference.split(config.envoy_image)))
    age = config.max_connection_age or 0
    return (
        replace(
            server,
            server=replace(server.server, max_connection_age_seconds=age, drain_seconds=DRAIN),
            balancing=balancing(server, config),
            envoy=proxy,
        ),
        replace(client, client=replace(client.client, target=host(config, f"{labels.SERVER}-envoy"))),
    )


# Each of Envoy's workers takes turns by itself: exact for one connection, nearly so for several.
STRATEGY = Strategy("envoy", "one Envoy proxy in front, without a mesh", Outcome.BALANCED, shape, adds_proxies=True)
