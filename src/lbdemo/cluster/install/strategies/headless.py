"""The client balances: a headless Service, all pods from DNS, gRPC's own round_robin.

gRPC asks DNS again only when a connection ends, so servers end theirs now and then (`--max-connection-age`).
"""

from __future__ import annotations

from dataclasses import replace

from lbdemo.cluster.install.strategies.base import Mesh, Strategy, host
from lbdemo.cluster.install.values import Values
from lbdemo.cluster.kernel import labels
from lbdemo.config import UpConfig
from lbdemo.errors import InputError
from lbdemo.measure import Outcome

AGE = 10.0  # seconds a connection lives, unless told: new pods are found about this soon
DRAIN = 8.0  # seconds between SIGTERM and GOAWAY: longer than CoreDNS lets an answer live (5 s)


def shape(server: Values, client: Values, config: UpConfig, mesh: Mesh) -> tuple[Values, Values]:
    """The client calls the headless name with round_robin."""
    if config.lb_policy != "round-robin":
        raise InputError(
            f"--lb-policy {config.lb_policy}: gRPC's Python client has round_robin only",
            "least-request needs --strategy istio or envoy",
        )
    age = AGE if config.max_connection_age is None else config.max_connection_age
    target = f"dns:///{host(config, f'{labels.SERVER}-headless')}"
    return (
        replace(server, server=replace(server.server, max_connection_age_seconds=age, drain_seconds=DRAIN)),
        replace(client, client=replace(client.client, target=target, policy="round_robin")),
    )


STRATEGY = Strategy("headless", "the client resolves all pods and takes turns", Outcome.BALANCED, shape, policies=False)
