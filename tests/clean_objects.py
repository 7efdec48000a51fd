"""Objects as the API server has them, for the tests of `clean`."""

from __future__ import annotations

from typing import Any

from fake_api import FakeApi

from lbdemo.cluster.cleanup.items import RELEASE_NAME, RELEASE_NAMESPACE, ClusterObject, parse_object
from lbdemo.cluster.kernel import labels
from lbdemo.kube.kinds import Kind
from lbdemo.kube.records.meta import Meta, parse_meta

BIRTH = "2026-01-02T03:04:05Z"
SOON = "2026-01-02T03:04:07Z"
LATER = "2026-01-02T04:00:00Z"


def document(
    kind: str, name: str, namespace: str = "", *, release: str = "", of: str = "", uid: str = "", maker: str = "",
    created: str = LATER, marks: dict[str, str] | None = None, owners: list[dict[str, Any]] | None = None, **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """One object; `release` (in namespace `of`) holds it, `maker` signed its fields."""
    meta: dict[str, Any] = {
        "name": name,
        "creationTimestamp": created,
        "uid": uid or f"uid-of-{kind}-{namespace}-{name}",
    }
    if namespace:
        meta["namespace"] = namespace
    if release:
        meta["annotations"] = {RELEASE_NAME: release, RELEASE_NAMESPACE: of or namespace}
    if maker:
        meta["managedFields"] = [{"manager": maker, "time": created}]
    if marks:
        meta["labels"] = marks
    if owners:
        meta["ownerReferences"] = owners
    return {"kind": kind, "metadata": meta, **more}


def space(name: str = "ns", *, ours: bool = True, uid: str = "uid-ns", **more: Any) -> dict[str, Any]:
    """A namespace."""
    marks = dict(labels.OURS) if ours else None
    return document("Namespace", name, uid=uid, created=BIRTH, marks=marks, **more)


def release_secret(release: str, namespace: str = "ns", *, ours: bool = True) -> dict[str, Any]:
    """The Secret in which Helm keeps a release."""
    marks = {"owner": "helm", "name": release, "status": "deployed", "version": "1"}
    marks |= {labels.PART_OF: "lbdemo", labels.DIGEST: "abc", labels.STRATEGY: "clusterip"} if ours else {}
    return document("Secret", f"sh.helm.release.v1.{release}.v1", namespace, marks=marks)


KINDS = {
    "ConfigMap": ("configmaps", ""), "Deployment": ("deployments", "apps"), "Service": ("services", ""),
    "ClusterRole": ("clusterroles", "rbac.authorization.k8s.io"), "Secret": ("secrets", ""),
    "GatewayClass": ("gatewayclasses", "gateway.networking.k8s.io"), "Lease": ("leases", "coordination.k8s.io"),
    "CustomResourceDefinition": ("customresourcedefinitions", "apiextensions.k8s.io"), "Pod": ("pods", ""),
    "ServiceAccount": ("serviceaccounts", ""), "Namespace": ("namespaces", ""), "Role": ("roles", "rbac"),
}  # fmt: skip


def found(kind: str, name: str, namespace: str = "", **more: Any) -> ClusterObject:
    """The same as a record."""
    plural, group = KINDS[kind]
    of_kind: Kind[Meta] = Kind(plural, kind, parse_meta, group, ("v1",), bool(namespace))
    return parse_object(of_kind, document(kind, name, namespace, **more))


def names(fake: FakeApi, resource: str) -> set[str]:
    """The names of what is there of a kind."""
    return {name for kind, _, name in fake.objects if kind == resource}
