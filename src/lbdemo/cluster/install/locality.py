"""Is a cluster on this machine? An address alone does not say it: a tunnel gives any cluster a loopback address."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lbdemo.kube.records.cluster import Node

# Labels and beginnings of names that nodes have in clusters for one's own machine, and in no others.
LABELS = ("minikube.k8s.io/name", "microk8s.io/cluster")
NAMES = ("k3d-", "docker-desktop", "desktop-control-plane", "desktop-worker", "orbstack", "colima",
         "lima-rancher-desktop", "rancher-desktop")  # fmt: skip
PROVIDERS = ("kind://", "k3d://", "minikube://")

OnThisMachine = Callable[[str], bool]
"""Whether an IP address is one of this machine's own, or in a network of its containers or virtual machines."""


def elsewhere(nodes: Sequence[Node], here: OnThisMachine) -> tuple[str, ...]:
    """The names of the nodes that do not show that they are on this machine."""
    return tuple(node.meta.name for node in nodes if not _of_a_local_kind(node) and not _here(node, here))


def _of_a_local_kind(node: Node) -> bool:
    marked = any(label in node.meta.labels for label in LABELS)
    return marked or node.meta.name.startswith(NAMES) or node.provider.startswith(PROVIDERS)


def _here(node: Node, here: OnThisMachine) -> bool:
    return any(here(address) for kind, address in node.addresses if kind == "InternalIP")
