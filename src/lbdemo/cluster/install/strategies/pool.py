"""A pool: several connections to a ClusterIP Service, where kube-proxy picks a pod for each of them, for good.

What people do who have heard that "gRPC has one connection". It spreads connections, not requests.
"""

from __future__ import annotations

from lbdemo.cluster.install.strategies import promises
from lbdemo.cluster.install.strategies.base import Cluster, Strategy, calling, host
from lbdemo.cluster.install.values import Values
from lbdemo.config import UpConfig
from lbdemo.measure import Outcome

CONNECTIONS = 4  # unless told


def shape(server: Values, client: Values, config: UpConfig, cluster: Cluster) -> tuple[Values, Values]:
    """The client calls the Service's name, each connection for itself."""
    return server, calling(client, host(config, cluster))


STRATEGY = Strategy(
    name="pool",
    summary="several connections to a ClusterIP Service, each with its own pod",
    outcome=Outcome.PINNED,  # each connection is, whatever the total
    shape=shape,
    promises=promises.Promises(
        scale_up=promises.found_by_chance,
        slow=promises.its_connections_slow,
        sick=promises.its_connections_fail,
    ),
    connections=CONNECTIONS,
)
