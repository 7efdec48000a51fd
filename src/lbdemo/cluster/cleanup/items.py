"""Objects as `clean` sees them: their names and uids, and what their metadata says of who made them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lbdemo.kube.kinds import Kind
from lbdemo.kube.records.meta import Meta, parse_meta

CRD = "CustomResourceDefinition.apiextensions.k8s.io"
RELEASE_NAME = "meta.helm.sh/release-name"
RELEASE_NAMESPACE = "meta.helm.sh/release-namespace"


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """One object's name: `kind` has its group, such as ClusterRole.rbac.authorization.k8s.io. `uid` "" is not known."""

    kind: str
    namespace: str
    name: str
    uid: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True, order=True)
class ReleaseName:
    """A Helm release: its namespace and its name."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class ClusterObject:
    """One object by its metadata, with the kind by which it is asked for."""

    kind: Kind[Meta]
    meta: Meta
    managers: tuple[str, ...] = ()  # who wrote its fields, the first one first: kubectl-create, helm, pilot-discovery

    @property
    def item(self) -> Item:
        """Its name."""
        return Item(kind_name(self.kind), self.meta.namespace, self.meta.name, self.meta.uid)

    @property
    def release(self) -> ReleaseName | None:
        """The Helm release that holds it, by its own annotations; None for what no Helm made."""
        name = self.meta.annotations.get(RELEASE_NAME, "")
        return ReleaseName(self.meta.annotations.get(RELEASE_NAMESPACE, ""), name) if name else None

    @property
    def maker(self) -> str:
        """Who made it, as far as it tells, for a person."""
        if self.release is not None:
            return f"Helm release {self.release}"
        return f"made by {self.managers[0]}" if self.managers else "it does not say by whom"


def kind_name(kind: Kind[Any]) -> str:
    """The kind with its group."""
    return f"{kind.name}.{kind.group}" if kind.group else kind.name


def parse_object(kind: Kind[Meta], document: Mapping[str, Any]) -> ClusterObject:
    """One object of a list, by its metadata."""
    written = document.get("metadata", {}).get("managedFields") or ()
    oldest_first = sorted(written, key=lambda entry: str(entry.get("time", "")))
    managers = dict.fromkeys(str(entry.get("manager", "")) for entry in oldest_first)
    return ClusterObject(kind, parse_meta({**document, "kind": kind.name}), tuple(managers))


def some(items: Sequence[object], most: int = 5) -> str:
    """The first few items in words."""
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(str(item) for item in items[:most]) + more
