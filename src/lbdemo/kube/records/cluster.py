"""What the cluster itself consists of: nodes and namespaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lbdemo.kube.records.meta import Condition, Meta, parse_conditions, parse_meta

LAST_PODS = "NamespaceContentRemaining"
# Of a namespace that is being deleted: these conditions say, when True, what holds it; the first is the gravest.
HELD_BY = (
    "NamespaceDeletionDiscoveryFailure", "NamespaceDeletionGroupVersionParsingFailure",
    "NamespaceDeletionContentFailure", "NamespaceFinalizersRemaining", LAST_PODS,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Node:
    """One node: its addresses, what it is, and whether it takes pods."""

    meta: Meta
    addresses: tuple[tuple[str, str], ...]  # (InternalIP, 10.0.0.1), (Hostname, …)
    architecture: str  # amd64, arm64
    system: str  # linux, windows
    kubelet: str  # version
    provider: str  # such as kind://docker/kind/node-1
    unschedulable: bool
    taints: tuple[tuple[str, str, str], ...]  # key, value, effect
    conditions: tuple[Condition, ...]
    pod_ranges: tuple[str, ...] = ()  # podCIDRs: the addresses of its pods, and of itself among them

    @property
    def ready(self) -> bool:
        """Whether its kubelet says so."""
        return any(c.type == "Ready" and c.status == "True" for c in self.conditions)


@dataclass(frozen=True, slots=True)
class Namespace:
    """One namespace, and why it hangs when it does."""

    meta: Meta
    phase: str  # Active, Terminating
    conditions: tuple[Condition, ...]

    @property
    def held_by(self) -> tuple[Condition, ...]:
        """What keeps a namespace that is being deleted, the gravest first; () when nothing says so."""
        found = (c for c in self.conditions if c.status == "True" and c.type in HELD_BY)
        return tuple(sorted(found, key=lambda c: HELD_BY.index(c.type)))

    @property
    def stuck(self) -> str:
        """The namespace's own words for what holds it beyond its last pods and objects; "" when nothing does."""
        grave = (c for c in self.held_by if c.type != LAST_PODS)
        return "; ".join(f"{c.reason}: {c.message}" for c in grave)


def parse_node(item: Mapping[str, Any]) -> Node:
    """One node object."""
    spec, status = item.get("spec", {}), item.get("status", {})
    info = status.get("nodeInfo") or {}
    return Node(
        meta=parse_meta(item),
        addresses=tuple((a["type"], a["address"]) for a in status.get("addresses") or ()),
        architecture=info.get("architecture", ""),
        system=info.get("operatingSystem", ""),
        kubelet=info.get("kubeletVersion", ""),
        provider=spec.get("providerID", ""),
        unschedulable=bool(spec.get("unschedulable")),
        taints=tuple((t["key"], t.get("value", ""), t["effect"]) for t in spec.get("taints") or ()),
        conditions=parse_conditions(status),
        pod_ranges=tuple(spec.get("podCIDRs") or ()),
    )


def parse_namespace(item: Mapping[str, Any]) -> Namespace:
    """One namespace object."""
    status = item.get("status") or {}
    return Namespace(parse_meta(item), status.get("phase", ""), parse_conditions(status))
