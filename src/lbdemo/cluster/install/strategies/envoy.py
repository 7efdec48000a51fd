"""One Envoy Deployment in front of the servers, no mesh: it balances each request."""

from __future__ import annotations

from dataclasses import replace

from lbdemo.cluster.install.strategies import promises
from lbdemo.cluster.install.strategies.base import Cluster, Strategy, calling, draining, host
from lbdemo.cluster.install.values import Values, image_values
from lbdemo.cluster.kernel import labels, reference
from lbdemo.config import UpConfig
from lbdemo.measure import Outcome
from lbdemo.traces.role import PROXIED

DRAIN = 8.0  # seconds between SIGTERM and GOAWAY: longer than CoreDNS lets an answer live (5 s), and Envoy's refresh


def shape(server: Values, client: Values, config: UpConfig, cluster: Cluster) -> tuple[Values, Values]:
    """The client calls Envoy's Service; Envoy finds the pods by the headless name."""
    proxy = replace(server.envoy, enabled=True, image=image_values(reference.split(config.envoy_image)))
    target = host(config, cluster, f"{labels.SERVER}-envoy")
    return replace(draining(server, DRAIN), envoy=proxy), calling(client, target)


STRATEGY = Strategy(
    name="envoy",
    summary="one Envoy proxy in front, without a mesh",
    outcome=Outcome.BALANCED,
    shape=shape,
    promises=promises.Promises(
        scale_up=promises.found_soon("found by the next DNS refresh"),
        slow=promises.by_policy,
        sick=promises.its_share_fails("one pod's share of the calls fails; outlier detection takes it out"),
    ),
    path=PROXIED,
    proxies=lambda _: 1,
    policies=True,  # each of Envoy's workers takes turns by itself: exact for one connection, nearly so for several
    detects=True,
)
