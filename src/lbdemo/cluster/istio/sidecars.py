"""Does each pod have the sidecar that it should have, or none where it should have none? And why not? Pure."""

from __future__ import annotations

from collections.abc import Sequence

from lbdemo.cluster.kernel import labels
from lbdemo.kube.records.meta import Meta
from lbdemo.kube.records.pods import Container, Pod

SIDECAR = "istio-proxy"
INJECT = "sidecar.istio.io/inject"
HASH = "pod-template-hash"  # only a deployment's pods carry it: those of `helm test` do not


def sidecar(pod: Pod) -> Container | None:
    """Istio's proxy, whether an ordinary container or a native sidecar (Kubernetes 1.33 and later)."""
    return pod.container(SIDECAR)


def wrong(pods: Sequence[Pod], *, wanted: bool) -> list[Pod]:
    """Pods of deployments that lack a wanted sidecar, or have one that is not wanted."""
    counted = [pod for pod in pods if pod.stays and HASH in pod.meta.labels]
    return [pod for pod in counted if (sidecar(pod) is not None) != wanted]


def why_missing(pod: Pod, namespace: Meta | None, daemon: Meta | None) -> str:
    """Why this pod has no sidecar, as far as its labels and its namespace's tell."""
    choice = pod.meta.labels.get(INJECT, "")
    if choice == "false":
        return f"its label {INJECT} is false"
    if daemon is None:
        return "there is no istiod whose webhook could have injected it"
    if namespace is not None and namespace.labels.get(labels.INJECTION) == "disabled":
        return f"its namespace has the label {labels.INJECTION}=disabled"
    if pod.meta.created and daemon.created and pod.meta.created < daemon.created:
        return "it was created before Istio was installed"
    if choice == "true" or (namespace is not None and namespace.labels.get(labels.INJECTION) == "enabled"):
        return "the injection webhook passed it over: it was away when the pod was created, or excludes it"
    return f"neither it nor its namespace asks for one (label {labels.INJECTION} or {INJECT})"
