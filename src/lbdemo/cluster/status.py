"""`status`: what is installed, as one record that the terminal and JSON show alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lbdemo.cluster.istio.observe import ObservedWithIstio, observe
from lbdemo.cluster.istio.sidecars import SIDECAR, sidecar
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.steps import Tools
from lbdemo.config import Place
from lbdemo.kube.records.pods import Pod
from lbdemo.tools.kubectl import Context


@dataclass(frozen=True, slots=True)
class PodStatus:
    """One pod at a glance; `state` is Ready, or why it is not."""

    name: str
    release: str
    state: str
    sidecar: bool
    restarts: int
    node: str
    image: str


@dataclass(frozen=True, slots=True)
class Status:
    """Everything at a glance."""

    context: str
    server: str
    namespace: str
    namespace_state: str  # "absent", "unseen", "lbdemo's", "adopted", "terminating"
    strategy: str  # "" when nothing is installed
    releases: tuple[tuple[str, str, int], ...]  # name, Helm's status, revision
    pods: tuple[PodStatus, ...]
    istio: str  # "none", or version and owner
    unseen: tuple[str, ...]  # what this user may not see
    injection: str  # the namespace's injection label, "" when there is none

    def to_dict(self) -> dict[str, Any]:
        """For `--json`: versioned, stable keys."""
        return {
            "schema": "lbdemo.status/1",
            "context": {"name": self.context, "server": self.server},
            "namespace": {"name": self.namespace, "state": self.namespace_state, "injection": self.injection},
            "strategy": self.strategy,
            "releases": [{"name": n, "status": s, "revision": r} for n, s, r in self.releases],
            "pods": [
                {"name": p.name, "release": p.release, "state": p.state, "sidecar": p.sidecar, "restarts": p.restarts,
                 "node": p.node, "image": p.image}
                for p in self.pods
            ],
            "istio": self.istio,
            "unseen": list(self.unseen),
        }  # fmt: skip


def status(tools: Tools, place: Place, context: Context) -> Status:
    """Reads it from the cluster."""
    seen = observe(tools, place.namespace, istio=True, lenient=True)
    told = sorted((r for r in seen.releases.values() if r.revision), key=lambda r: r.name)
    releases = tuple((r.name, r.status, r.revision) for r in told)
    strategies = {release.strategy for release in seen.releases.values() if release.strategy}
    labels_ = seen.namespace.labels if seen.namespace else {}
    return Status(
        context=context.name,
        server=context.server,
        namespace=place.namespace,
        namespace_state=_namespace_state(seen),
        strategy="/".join(sorted(strategies)),
        releases=releases,
        unseen=tuple(map(str, seen.unseen)),
        pods=tuple(pod_status(pod) for pod in sorted(seen.objects.pods, key=lambda pod: pod.name)),
        istio=seen.istio.summary,
        injection=labels_.get("istio.io/rev", "") or labels_.get("istio-injection", ""),
    )


def _namespace_state(seen: ObservedWithIstio) -> str:
    if seen.namespace is None:
        return "unseen" if any(item.right and item.right.resource == "namespaces" for item in seen.unseen) else "absent"
    if seen.namespace.deleting:
        return "terminating"
    return "lbdemo's" if seen.namespace_ours else "adopted" if seen.releases else "not lbdemo's"


def pod_status(pod: Pod) -> PodStatus:
    """One pod at a glance."""
    main = next((c for c in pod.containers if not c.init and c.name != SIDECAR), None)
    return PodStatus(
        name=pod.name,
        release=labels.release(pod),
        state=pod_state(pod),
        sidecar=sidecar(pod) is not None,
        restarts=pod.restarts,
        node=pod.node,
        image=main.image if main else "",
    )


def pod_state(pod: Pod) -> str:
    """Ready, Terminating, the reason why a container waits, or the pod's phase."""
    if pod.meta.deleting:
        return "Terminating"
    if pod.ready:
        return "Ready"
    waiting = [c.waiting for c in pod.containers if c.waiting and c.waiting != "PodInitializing"]
    return waiting[0] if waiting else "NotReady" if pod.phase == "Running" else pod.phase
