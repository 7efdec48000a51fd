"""Does each pod have the sidecar that it should have, or none where it should have none? And why not? Pure."""

from __future__ import annotations

from collections.abc import Sequence

from lbdemo.cluster.istio.choice import INJECT
from lbdemo.cluster.istio.state import Istio
from lbdemo.cluster.kernel import labels
from lbdemo.kube.records.meta import Meta
from lbdemo.kube.records.pods import Container, Pod

SIDECAR = "istio-proxy"
HASH = "pod-template-hash"  # only a deployment's pods carry it: those of `helm test` do not


def sidecar(pod: Pod) -> Container | None:
    """Istio's proxy, whether an ordinary container or a native sidecar (Kubernetes 1.33 and later)."""
    return pod.container(SIDECAR)


def wrong(pods: Sequence[Pod], *, wanted: bool) -> list[Pod]:
    """Pods of deployments that lack a wanted sidecar, or have one that is not wanted."""
    counted = [pod for pod in pods if pod.stays and HASH in pod.meta.labels]
    return [pod for pod in counted if (sidecar(pod) is not None) != (wanted and on_the_way(pod))]


def on_the_way(pod: Pod) -> bool:
    """Whether calls go through it: what takes their spans has no sidecar, whatever the others have."""
    return pod.meta.labels.get(labels.COMPONENT) != labels.TRACES


def why_missing(pod: Pod, namespace: Meta | None, istio: Istio) -> str:
    """Why this pod has no sidecar, as far as its labels, its namespace's and Istio's webhooks tell."""
    marks = namespace.labels if namespace is not None else {}
    daemon = istio.daemon.meta if istio.daemon else None
    if pod.meta.labels.get(INJECT) == "false":
        return f"its label {INJECT} is false"
    if istio.plane is None and not istio.hidden:
        return "there is no control plane of Istio whose webhook could have injected it"
    if marks.get(labels.INJECTION) == "disabled":
        return f"its namespace has the label {labels.INJECTION}=disabled"
    if daemon is not None and pod.meta.created and daemon.created and pod.meta.created < daemon.created:
        return "it was created before Istio was installed"
    if istio.plane is None:
        return "no webhook that this user may see took it; who installed Istio knows a name for --istio-revision"
    if not istio.plane.injectors:
        return f"no webhook asks Istio's revision {istio.plane.revision}"
    if istio.plane.injects(marks, pod.meta.labels):
        return "the injection webhook passed it over: it was away when the pod was created"
    return f"neither it nor its namespace asks for one (label {labels.INJECTION}, {labels.REVISION} or {INJECT})"
