"""Istio's objects as its charts make them, for tests: the injection webhooks of a revision or of a tag."""

from __future__ import annotations

from typing import Any

from lbdemo.config import ISTIO_NAMESPACE

FREE = [{"key": "istio.io/rev", "operator": "DoesNotExist"}, {"key": "istio-injection", "operator": "DoesNotExist"}]
NOT_REFUSED = {"key": "sidecar.istio.io/inject", "operator": "NotIn", "values": ["false"]}


def webhooks(
    revision: str = "default", *, tag: str = "", home: str = ISTIO_NAMESPACE, url: str = "", service: str = ""
) -> dict[str, Any]:
    """A MutatingWebhookConfiguration of this revision, or of a tag for it."""
    named = tag or revision
    suffix = "" if revision == "default" else f"-{revision}"
    asked = {"url": url} if url else {"service": {"name": service or f"istiod{suffix}", "namespace": home}}
    hooks = [_hook("rev.namespace", asked, [_named(named), FREE[1]], [NOT_REFUSED])]
    hooks.append(_hook("rev.object", asked, FREE, [NOT_REFUSED, _named(named)]))
    if named == "default":
        enabled = {"key": "istio-injection", "operator": "In", "values": ["enabled"]}
        wanted = {"key": "sidecar.istio.io/inject", "operator": "In", "values": ["true"]}
        hooks.append(_hook("namespace", asked, [enabled], [NOT_REFUSED]))
        hooks.append(_hook("object", asked, FREE, [wanted, FREE[0]]))
    marks = {"istio.io/rev": revision, "app": "sidecar-injector", **({"istio.io/tag": tag} if tag else {})}
    name = f"istio-revision-tag-{tag}" if tag else f"istio-sidecar-injector{suffix}"
    kind = "MutatingWebhookConfiguration"
    return {"kind": kind, "metadata": {"name": name, "labels": marks}, "webhooks": hooks}


def other_webhooks() -> dict[str, Any]:
    """Somebody's webhooks that have nothing to do with Istio."""
    hook = {"name": "mutate.kyverno.svc", "clientConfig": {"service": {"name": "kyverno-svc", "namespace": "kyverno"}}}
    return {"kind": "MutatingWebhookConfiguration", "metadata": {"name": "kyverno"}, "webhooks": [hook]}


def _named(name: str) -> dict[str, Any]:
    return {"key": "istio.io/rev", "operator": "In", "values": [name]}


def _hook(prefix: str, asked: dict[str, Any], namespaces: list[Any], pods: list[Any]) -> dict[str, Any]:
    return {
        "name": f"{prefix}.sidecar-injector.istio.io",
        "clientConfig": asked,
        "namespaceSelector": {"matchExpressions": namespaces},
        "objectSelector": {"matchExpressions": pods},
    }
