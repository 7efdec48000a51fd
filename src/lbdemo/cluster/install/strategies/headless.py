"""The client balances: a headless Service, all pods from DNS, gRPC's own round_robin.

gRPC asks DNS again only when a connection ends, so servers end theirs now and then (`--max-connection-age`).
"""

from __future__ import annotations

from lbdemo.cluster.install.strategies import promises
from lbdemo.cluster.install.strategies.base import Cluster, Strategy, calling, draining, host
from lbdemo.cluster.install.values import Values
from lbdemo.cluster.kernel import labels
from lbdemo.config import UpConfig
from lbdemo.measure import Outcome

AGE = 5.0  # seconds a connection lives, unless told: new pods are found about this soon
DRAIN = (
    11.0  # seconds between SIGTERM and the stop, when no connection is left: 1.1 x AGE, and CoreDNS remembers for 5 s
)


def shape(server: Values, client: Values, config: UpConfig, cluster: Cluster) -> tuple[Values, Values]:
    """The client calls the headless name with round_robin."""
    target = f"dns:///{host(config, cluster, f'{labels.SERVER}-headless')}"
    return draining(server, DRAIN), calling(client, target, "round_robin")


STRATEGY = Strategy(
    name="headless",
    summary="the client resolves all pods and takes turns",
    outcome=Outcome.BALANCED,
    shape=shape,
    promises=promises.Promises(
        scale_up=promises.found_at_age,
        slow=promises.its_turns_slow,
        sick=promises.its_share_fails(
            "one pod's share of the calls fails; gRPC goes on calling a pod whose connection is fine"
        ),
    ),
    connection_age=AGE,
)
