"""What every object has: its metadata, its owners, its conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Owner:
    """One entry of an object's ownerReferences."""

    kind: str
    name: str
    uid: str
    controller: bool = False  # the one that manages it


@dataclass(frozen=True, slots=True)
class Meta:
    """Kind, namespace ("" when cluster-wide), name, labels, annotations."""

    kind: str
    namespace: str
    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    uid: str = ""
    created: str = ""  # RFC 3339
    deleting: bool = False
    owners: tuple[Owner, ...] = ()
    finalizers: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        """`Kind namespace/name`, or `Kind name` when it is cluster-wide."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"

    @property
    def controller(self) -> Owner | None:
        """The owner that manages it, such as a pod's ReplicaSet."""
        return next((owner for owner in self.owners if owner.controller), None)


@dataclass(frozen=True, slots=True)
class Condition:
    """One status condition: `status` is True, False or Unknown, as Kubernetes writes it."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    since: str = ""  # RFC 3339: when the status became what it is


def parse_meta(item: Mapping[str, Any]) -> Meta:
    """The metadata of any object. Items of a list carry no kind of their own: who reads the list puts it there."""
    meta = item.get("metadata", {})
    return Meta(
        kind=item.get("kind", ""),
        namespace=meta.get("namespace", ""),
        name=meta.get("name", ""),
        labels=meta.get("labels") or {},
        annotations=meta.get("annotations") or {},
        uid=meta.get("uid", ""),
        created=meta.get("creationTimestamp") or "",
        deleting=bool(meta.get("deletionTimestamp")),
        owners=tuple(map(_owner, meta.get("ownerReferences") or ())),
        finalizers=tuple(meta.get("finalizers") or ()),
    )


def _owner(item: Mapping[str, Any]) -> Owner:
    return Owner(item["kind"], item["name"], item.get("uid", ""), bool(item.get("controller")))


def parse_conditions(holder: Mapping[str, Any]) -> tuple[Condition, ...]:
    """The conditions in a status (or wherever a list of them stands)."""
    return tuple(
        Condition(c.get("type", ""), c.get("status", ""), c.get("reason", ""), c.get("message", ""),
                  c.get("lastTransitionTime") or "")
        for c in holder.get("conditions") or ()
    )  # fmt: skip
