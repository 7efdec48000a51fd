"""Istio's injection webhooks: which control plane they ask, and for which pods. Pure.

They are what every kind of control plane has in a cluster that it serves: one that runs there, one that a cloud
manages, an external one, that of another cluster (primary-remote).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lbdemo.cluster.kernel import labels

HOOK = "sidecar-injector.istio.io"  # how the names of Istio's injection webhooks end, whoever installed them
DEFAULT = "default"  # the revision, or the tag, that serves those who name none
TAG = "istio.io/tag"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of a label selector: `operator` is In, NotIn, Exists or DoesNotExist, as Kubernetes writes it."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def met(self, marks: Mapping[str, str]) -> bool:
        """Whether an object with these labels fits; one without the label fits NotIn."""
        if self.operator in ("Exists", "DoesNotExist"):
            return (self.key in marks) == (self.operator == "Exists")
        return (marks.get(self.key) in self.values) == (self.operator == "In")


@dataclass(frozen=True, slots=True)
class Hook:
    """One webhook of an injector: the namespaces and the pods that it is called for."""

    namespaces: tuple[Requirement, ...] = ()
    pods: tuple[Requirement, ...] = ()

    def takes(self, namespace: Mapping[str, str], pod: Mapping[str, str]) -> bool:
        """Whether it is called for a pod with these labels, in a namespace with those."""
        return all(r.met(namespace) for r in self.namespaces) and all(r.met(pod) for r in self.pods)


@dataclass(frozen=True, slots=True)
class Injector:
    """A MutatingWebhookConfiguration of Istio's.

    `revision` is the control plane's that it asks, `tag` the other name for it that this one serves ("" for none).
    It asks a Service of the cluster (`service` in the namespace `home`), or an address outside (`url`).
    """

    name: str
    revision: str = DEFAULT
    tag: str = ""
    home: str = ""
    service: str = ""
    url: str = ""
    hooks: tuple[Hook, ...] = ()
    release: str = ""  # NAMESPACE/NAME of the Helm release that made it, "" for none

    @property
    def address(self) -> str:
        """Whom it asks, for a person."""
        return self.url or f"Service {self.home}/{self.service}"

    def takes(self, namespace: Mapping[str, str], pod: Mapping[str, str]) -> bool:
        """Whether it injects a sidecar into such a pod of such a namespace."""
        return any(hook.takes(namespace, pod) for hook in self.hooks)


def parse_injectors(items: Iterable[Mapping[str, Any]]) -> tuple[Injector, ...]:
    """Istio's among all MutatingWebhookConfigurations."""
    found = ((item, _hooks(item)) for item in items)
    return tuple(_injector(item, hooks) for item, hooks in found if hooks)


def _hooks(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [hook for hook in item.get("webhooks") or () if hook.get("name", "").endswith(HOOK)]


def _injector(item: Mapping[str, Any], hooks: list[Mapping[str, Any]]) -> Injector:
    meta = item.get("metadata", {})
    marks, notes = meta.get("labels") or {}, meta.get("annotations") or {}
    asked = hooks[0].get("clientConfig", {})
    service = asked.get("service") or {}
    release = notes.get("meta.helm.sh/release-name", "")
    return Injector(
        name=meta.get("name", ""),
        revision=marks.get(labels.REVISION) or DEFAULT,
        tag=marks.get(TAG, ""),
        home=service.get("namespace", ""),
        service=service.get("name", ""),
        url=asked.get("url", ""),
        hooks=tuple(_hook(hook) for hook in hooks),
        release=f"{notes.get('meta.helm.sh/release-namespace', '')}/{release}" if release else "",
    )


def _hook(hook: Mapping[str, Any]) -> Hook:
    return Hook(parse_selector(hook.get("namespaceSelector")), parse_selector(hook.get("objectSelector")))


def parse_selector(selector: Mapping[str, Any] | None) -> tuple[Requirement, ...]:
    """The lines of a label selector, both of its forms alike; none for one that takes everything."""
    given = selector or {}
    exact = [Requirement(key, "In", (value,)) for key, value in (given.get("matchLabels") or {}).items()]
    lines = given.get("matchExpressions") or ()
    return (*exact, *(Requirement(r["key"], r["operator"], tuple(r.get("values") or ())) for r in lines))
