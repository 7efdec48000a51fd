"""Which addresses that are no pod's are those of nodes: their kubelets probe from there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from lbdemo.diagnose.case import Case

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

    from lbdemo.diagnose.evidence import Evidence

    Address = IPv4Address | IPv6Address
    Network = IPv4Network | IPv6Network

USUAL = {4: 24, 6: 64}
"""By IP version: the usual prefix of a node's range of pods (kube-controller-manager's defaults)."""


def node_addresses(addresses: Iterable[str], evidence: Evidence, *, all_pods_seen: bool) -> tuple[str, ...]:
    """Those of these addresses, none of a pod that could be seen, that are a node's in the network of its pods.

    Nodes tell their ranges, or else (there are none with many networks, and few users may see nodes) the servers'
    addresses let them be guessed. Where not all pods could be seen, an address of a guessed range may be a pod's: then
    only the first one is taken, which bridges have.
    """
    told = tuple(_told(evidence))
    networks = told or tuple(_guessed(evidence))
    whole = bool(told) or all_pods_seen
    return tuple(one for one in addresses if is_nodes(ip_address(one), networks, whole))


def is_nodes(address: Address, networks: Iterable[Network], whole: bool) -> bool:
    """Whether it lies in one of the networks (`whole`), or is the first of one."""
    return any(address in network and (whole or address == network[1]) for network in networks)


def near(address: str) -> Network:
    """The range of a node's pods that a pod with this address is probably in."""
    return ip_network(f"{address}/{USUAL[ip_address(address).version]}", strict=False)


def _told(evidence: Evidence) -> Iterator[Network]:
    nodes = evidence.surroundings.nodes
    for node in nodes if isinstance(nodes, tuple) else ():
        yield from (ip_network(each, strict=False) for each in node.pod_ranges)


def _guessed(evidence: Evidence) -> Iterator[Network]:
    for address in {address for server in Case(evidence).servers for address in server.addresses}:
        yield near(address)
