"""How the image reaches the cluster's nodes: by the cluster's own loader, not at all, or through a registry."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from lbdemo.errors import InputError
from lbdemo.tools.kubectl import Context

SHARED = ("docker-desktop", "docker-for-desktop", "rancher-desktop", "orbstack", "colima")
# Private networks (RFC 1918, RFC 4193): where local clusters in virtual machines have their addresses. `is_private`
# counts much more as private, such as addresses for documentation.
PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
LOCAL_HOSTS = frozenset({"localhost", "host.docker.internal", "kubernetes.docker.internal", "host.minikube.internal"})


@dataclass(frozen=True, slots=True)
class Delivery:
    """`how` is registry, kind, minikube, k3d or shared; `target` the registry's address or the cluster's name."""

    how: str
    target: str = ""

    def loader(self, reference: str) -> list[str]:
        """The argv that loads an image, for those clusters that have a loader."""
        return {
            "kind": ["kind", "load", "docker-image", reference, "--name", self.target],
            "minikube": ["minikube", "image", "load", reference, "-p", self.target],
            "k3d": ["k3d", "image", "import", reference, "-c", self.target],
        }.get(self.how, [])


def choose(context: str, registry: str, profile: str = "") -> Delivery:
    """The delivery for a context's name; `registry` wins when it is given. Raises InputError for an unknown cluster.

    `profile` is that of minikube, whose context may have any name.
    """
    if registry:
        return Delivery("registry", registry)
    if profile:
        return Delivery("minikube", profile)
    if context.startswith("kind-"):
        return Delivery("kind", context.removeprefix("kind-"))
    if context.startswith("k3d-"):
        return Delivery("k3d", context.removeprefix("k3d-"))
    if context == "minikube" or context.startswith("minikube-"):
        return Delivery("minikube", context)
    if context in SHARED or context.startswith("colima-"):
        return Delivery("shared")
    raise InputError(
        f"context {context!r} does not say how an image reaches its nodes",
        "push it through a registry that the nodes can pull from: --registry HOST[:PORT][/PATH]; or use --image NAME",
    )


def looks_local(context: Context) -> bool:
    """Whether the cluster may be on this machine: by its address, or by a local cluster's name at a private address.

    That is no more than a first look: a tunnel makes any cluster's address local.
    """
    host = (urlsplit(context.server).hostname or "").lower()
    if host in LOCAL_HOSTS or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    if address.is_loopback or address.is_unspecified:
        return True
    return any(address in network for network in PRIVATE) and (bool(context.profile) or _local_name(context.name))


def _local_name(name: str) -> bool:
    return name.startswith(("kind-", "k3d-", "minikube", "colima")) or name in SHARED
