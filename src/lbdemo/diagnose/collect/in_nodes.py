"""Who calls from the network of a node: its pods share their addresses with each other and with the node's programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from lbdemo.diagnose.collect.callers import Found, caller, pods_where, told_of
from lbdemo.diagnose.collect.nodes import is_nodes, near
from lbdemo.diagnose.evidence import Caller, key
from lbdemo.diagnose.servers import servers_of
from lbdemo.kube.answers import Unseen
from lbdemo.kube.kinds import NODES

if TYPE_CHECKING:
    from lbdemo.diagnose.collect.nodes import Network
    from lbdemo.diagnose.evidence import Evidence
    from lbdemo.kube.api import Api
    from lbdemo.kube.records.cluster import Node
    from lbdemo.kube.records.pods import Pod

FROM_OUTSIDE = ("NodePort", "LoadBalancer")
"""Services whose outside callers come with a node's address, too."""


def named(api: Api, evidence: Evidence, strangers: Iterable[Caller], *, all_pods_seen: bool = True) -> Found:
    """These callers, whose addresses are no pod's own that could be seen, by the names of who has them as far as nodes
    and pods tell."""
    callers = tuple(strangers)
    nodes = api.list(NODES) if callers else ()
    found = [_named(api, evidence, one, _node_of(evidence, one.name, nodes, whole=all_pods_seen)) for one in callers]
    unseen = tuple(dict.fromkeys(answer for _, answer in found if answer))
    return Found(tuple(_merged(one for one, _ in found).values()), unseen)


def with_bridges(api: Api, evidence: Evidence, hosts: Sequence[str]) -> tuple[Caller, ...]:
    """The callers; those in a node's network with those of the nodes' addresses (`hosts`) that are their node's."""
    nodes = api.list(NODES) if hosts else ()
    where = {address: _node_of(evidence, address, nodes) for address in hosts}
    return tuple(_with_bridge(one, [address for address, node in where.items() if node == one.node])
                 if one.node else one for one in evidence.callers)  # fmt: skip


def _with_bridge(one: Caller, own: Sequence[str]) -> Caller:
    return replace(one, addresses=tuple(dict.fromkeys((*one.addresses, *own))))


def _merged(callers: Iterable[Caller]) -> dict[str, Caller]:
    """By name: one that comes with several addresses is one caller."""
    found: dict[str, Caller] = {}
    for one in callers:
        before = found.get(one.name)
        addresses = (*(before.addresses if before else ()), *one.addresses)
        found[one.name] = replace(one, addresses=tuple(dict.fromkeys(addresses)))
    return found


def _named(api: Api, evidence: Evidence, one: Caller, node: str) -> tuple[Caller, Unseen | None]:
    if not node:
        return one, None
    pods = _in_network(api, node, evidence.namespace)
    if isinstance(pods, Unseen):
        return replace(one, name=f"node/{node}", node=node), pods
    return _among(evidence, one, node, pods), None


def _node_of(evidence: Evidence, address: str, nodes: Sequence[Node] | Unseen, *, whole: bool = True) -> str:
    """The node whose own address it is, or in whose pods' range it is nobody else's; where no node tells, that of the
    pods near it. But for `whole` a pod that could not be seen may have it, unless it is the first one: bridges have."""
    known = () if isinstance(nodes, Unseen) else nodes
    own = next((node.meta.name for node in known if address in (each for _, each in node.addresses)), "")
    ranges = [*_told(known), *_guessed(evidence)]
    return own or next((node for network, node in ranges if is_nodes(ip_address(address), [network], whole)), "")


def _told(nodes: Iterable[Node]) -> Iterator[tuple[Network, str]]:
    yield from ((ip_network(each, strict=False), node.meta.name) for node in nodes for each in node.pod_ranges)


def _guessed(evidence: Evidence) -> Iterator[tuple[Network, str]]:
    for server in servers_of(evidence):
        for each in server.addresses if server.node else ():
            yield near(each), server.node


def _in_network(api: Api, node: str, namespace: str) -> list[Pod] | Unseen:
    """The pods in the network of the node, as far as a user may look."""
    there = pods_where(api, f"spec.nodeName={node}", namespace)
    if isinstance(there, Unseen):
        return there
    return [pod for pod in there if pod.host_network and pod.phase == "Running"]


def _among(evidence: Evidence, one: Caller, node: str, pods: Sequence[Pod]) -> Caller:
    """The one pod that is told of the service, or the only one that there is; else the node, with those it may be.

    Where outsiders come with the node's address, too, nobody can tell them apart from its pods.
    """
    told = {each.name for each in told_of(evidence.service, pods, evidence.domain)}
    likely = [pod for pod in pods if key(pod) in told] or list(pods)
    if len(likely) == 1 and evidence.service.type not in FROM_OUTSIDE:
        found = caller(likely[0], "sockets")
        return replace(found, addresses=tuple(dict.fromkeys((*found.addresses, *one.addresses))), node=node)
    return replace(one, name=f"node/{node}", node=node, one_of=tuple(key(pod) for pod in likely))
