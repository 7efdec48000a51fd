"""Istio's manifests, made lbdemo's: in its namespace, by its labels, with names that clash with nobody's. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lbdemo.cluster.addons import settings
from lbdemo.cluster.addons.catalogue import ADDONS, Addresses
from lbdemo.cluster.kernel import labels
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.errors import InputError

Manifest = dict[str, Any]
WIDE = ("ClusterRole", "ClusterRoleBinding")  # the kinds of no namespace that may come along
NO_SIDECAR = {"sidecar.istio.io/inject": "false"}


@dataclass(frozen=True, slots=True)
class Target:
    """Where the objects go: lbdemo's namespace, Istio's, the add-ons' addresses, and the mark of this version."""

    namespace: str
    istio: str
    addresses: Addresses
    digest: str


def adapted(texts: Mapping[str, str], target: Target) -> list[Manifest]:
    """All objects of the manifests (by the add-ons' names), as lbdemo installs them.

    Raises InputError for a manifest that lacks what the others rely on, or holds what could not be taken away again.
    """
    found = []
    for name, text in texts.items():
        objects = [_placed(_checked(one, name), name, target) for one in settings.Loader.documents(text)]
        _check_services(objects, name)
        found += objects
    return found


def deployments(objects: Iterable[Manifest]) -> dict[str, tuple[str, ...]]:
    """The names of the Deployments among them, by their add-on."""
    there: dict[str, tuple[str, ...]] = {}
    for one in objects:
        if one["kind"] == "Deployment":
            name = one["metadata"]["labels"][labels.ADDON]
            there[name] = (*there.get(name, ()), one["metadata"]["name"])
    return there


def _checked(one: Any, name: str) -> Manifest:
    known = isinstance(one, Mapping) and one.get("kind") and (one.get("metadata") or {}).get("name")
    if not known or not one.get("apiVersion"):
        raise InputError(f"{name}.yaml holds something that is no object of Kubernetes", "check --addons-from")
    if not one["metadata"].get("namespace") and one["kind"] not in WIDE:
        raise InputError(
            f"{name}.yaml holds {one['kind']} {one['metadata']['name']}, for the whole cluster or for no namespace",
            "lbdemo installs what it can take away again: leave that out, and give the rest with --addons-from FOLDER",
        )
    return dict(one)


def _check_services(objects: Iterable[Manifest], name: str) -> None:
    """The others ask it by these."""
    there = {
        (one["metadata"]["name"], port.get("port"))
        for one in objects
        if one["kind"] == "Service"
        for port in (one.get("spec") or {}).get("ports") or ()
    }
    if missing := [need for need in ADDONS[name].needs if need not in there]:
        wanted = ", ".join(f"{service}:{port}" for service, port in missing)
        raise InputError(f"{name}.yaml has no Service {wanted}", "is it the manifest of an Istio release?")


def _placed(one: Manifest, name: str, target: Target) -> Manifest:
    meta = dict(one["metadata"])
    meta["labels"] = {**(meta.get("labels") or {}), labels.ADDON: name}
    if one["kind"] in WIDE:
        meta["name"] = _wide(meta["name"], target)
    else:
        meta["namespace"] = target.namespace
    changed = {**one, "metadata": meta}
    if one["kind"].endswith("Binding"):
        return _bound(changed, target)
    if one["kind"] == "Deployment":
        return _deployed(changed, name, target)
    return _told(changed, name, target) if one["kind"] == "ConfigMap" else changed


def _wide(name: str, target: Target) -> str:
    """A name for the whole cluster: somebody's own add-ons have the original one."""
    return f"{name}-{target.namespace}"


def _bound(one: Manifest, target: Target) -> Manifest:
    role = dict(one["roleRef"])
    if role["kind"] in WIDE:
        role["name"] = _wide(role["name"], target)
    subjects = [
        {**subject, "namespace": target.namespace} if subject.get("namespace") == ISTIO_NAMESPACE else subject
        for subject in one.get("subjects") or ()
    ]
    return {**one, "roleRef": role, "subjects": subjects}


def _deployed(one: Manifest, name: str, target: Target) -> Manifest:
    """Pods without sidecars, by our labels, and made anew when what they are told changes.

    Only these are labelled as part of lbdemo: who looks at that is not to read dashboards each time.
    """
    own = {**one["metadata"], "labels": {**one["metadata"]["labels"], labels.PART_OF: "lbdemo"}}
    template = dict(one["spec"]["template"])
    meta = dict(template.get("metadata") or {})
    selected = ((one["spec"].get("selector") or {}).get("matchLabels") or {}).keys()
    marks = {labels.PART_OF: "lbdemo", labels.ADDON: name, **NO_SIDECAR}
    meta["labels"] = {**(meta.get("labels") or {}), **{key: marks[key] for key in marks if key not in selected}}
    meta["annotations"] = {**(meta.get("annotations") or {}), labels.DIGEST: target.digest}
    return {**one, "metadata": own, "spec": {**one["spec"], "template": {**template, "metadata": meta}}}


def _told(one: Manifest, name: str, target: Target) -> Manifest:
    data = dict(one.get("data") or {})
    if name == "kiali" and "config.yaml" in data:
        data["config.yaml"] = settings.kiali(data["config.yaml"], target.namespace, target.istio, target.addresses)
    if name == "grafana" and "datasources.yaml" in data:
        data["datasources.yaml"] = settings.grafana(data["datasources.yaml"], target.addresses)
    return {**one, "data": data}
