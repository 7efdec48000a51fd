"""No remedy: one channel to a ClusterIP Service, where kube-proxy picks a pod once a connection."""

from __future__ import annotations

from lbdemo.cluster.install.strategies import promises
from lbdemo.cluster.install.strategies.base import Cluster, Strategy, calling, host
from lbdemo.cluster.install.values import Values
from lbdemo.config import UpConfig
from lbdemo.measure import Outcome


def shape(server: Values, client: Values, config: UpConfig, cluster: Cluster) -> tuple[Values, Values]:
    """The client calls the Service's name."""
    return server, calling(client, host(config, cluster))


STRATEGY = Strategy(
    name="clusterip",
    summary="one connection to a ClusterIP Service: the negative control",
    outcome=Outcome.PINNED,
    shape=shape,
    promises=promises.Promises(
        scale_up=promises.found_by_chance,
        slow=promises.all_slow,
        sick=promises.all_fail,
    ),
)
