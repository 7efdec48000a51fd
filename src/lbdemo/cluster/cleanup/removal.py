"""The steps of `clean`: each removes one thing that lbdemo made, and says what it leaves and why."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field

from lbdemo.cluster.cleanup import inventory
from lbdemo.cluster.cleanup.inventory import Item
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.objects import fetch
from lbdemo.cluster.kernel.releases import KINDS_GONE, forget
from lbdemo.cluster.kernel.steps import Say, Tools
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.errors import NotReadyError, ProgramFailedError
from lbdemo.words import count

CHART_KINDS = "deployments,services,configmaps"
INTERVAL = 0.4  # seconds between two looks


@dataclass(frozen=True, slots=True)
class UninstallRelease:
    """`helm uninstall`, waiting for its objects to be gone."""

    release: str
    namespace: str
    timeout: float
    after: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The release's name is unique in the plan."""
        return self.release

    @property
    def title(self) -> str:
        """What it does."""
        return f"uninstall release {self.release}"

    def commands(self, tools: Tools) -> list[str]:
        """Helm's command."""
        return [shlex.join(tools.helm.argv("uninstall", self.release, "--wait", namespace=self.namespace))]

    def run(self, tools: Tools, say: Say) -> str:
        """Uninstalls; a release that is gone already is fine."""
        try:
            tools.helm.uninstall(self.release, self.namespace, timeout=self.timeout)
        except ProgramFailedError as error:
            if self.namespace == ISTIO_NAMESPACE or not any(sign in error.stderr for sign in KINDS_GONE):
                raise
            what = ("delete", CHART_KINDS, "-l", f"app.kubernetes.io/instance={self.release}", "--wait=false")
            tools.kubectl.call(*what, namespace=self.namespace)  # without the rights for it nothing is forgotten
            forget(tools, self.release, self.namespace)
            return "Helm could not: kinds of its objects are gone from the cluster; the others were deleted"
        return ""


@dataclass(frozen=True, slots=True)
class DeleteNamespace:
    """Deletes a namespace that lbdemo made, unless somebody else's objects live in it."""

    namespace: str
    timeout: float
    after: tuple[str, ...] = ()
    # Objects by whose names we know that Istio made them; the namespace may hold these.
    known: Callable[[Item], bool] = field(default=lambda _: False, compare=False)

    @property
    def key(self) -> str:
        """The namespace's name is unique in the plan."""
        return f"namespace/{self.namespace}"

    @property
    def title(self) -> str:
        """What it does."""
        return f"delete namespace {self.namespace}"

    def commands(self, tools: Tools) -> list[str]:
        """The kubectl command."""
        return [shlex.join(tools.kubectl.argv("delete", "namespace", self.namespace))]

    def run(self, tools: Tools, say: Say) -> str:
        """Deletes it and waits until it is gone."""
        foreign = [item for item in inventory.foreign(tools.kubectl, self.namespace) if not self.known(item)]
        if foreign:
            tools.kubectl.delete(f"configmap/{inventory.NAME}", namespace=self.namespace)
            return f"kept: it holds {inventory.some(foreign)}, which lbdemo did not make"
        tools.kubectl.delete(f"namespace/{self.namespace}", timeout=30)
        await_gone(tools, self.namespace, self.timeout, say)
        return ""


@dataclass(frozen=True, slots=True)
class EmptyNamespace:
    """Takes our own few objects out of a namespace that lbdemo did not make; the namespace stays."""

    namespace: str
    timeout: float
    after: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The namespace's name is unique in the plan."""
        return f"namespace/{self.namespace}"

    @property
    def title(self) -> str:
        """What it does."""
        return f"empty namespace {self.namespace} of what lbdemo made (it is not lbdemo's)"

    def commands(self, tools: Tools) -> list[str]:
        """The kubectl command."""
        return [shlex.join(tools.kubectl.argv("delete", CHART_KINDS, "-l", labels.SELECTOR, namespace=self.namespace))]

    def run(self, tools: Tools, say: Say) -> str:
        """Waits until our pods are gone, too: Helm returns before that."""
        what = ("delete", CHART_KINDS, "-l", labels.SELECTOR, "--ignore-not-found", "--wait=false")
        tools.kubectl.call(*what, namespace=self.namespace)  # also what a lost release has left
        tests = fetch(tools.kubectl, "pods", namespace=self.namespace, selector=labels.SELECTOR).pods
        if tests:  # those of `helm test` outlive their release
            tools.kubectl.delete(*(f"pod/{pod.name}" for pod in tests), namespace=self.namespace)
        deadline = tools.clock() + self.timeout
        while pods := fetch(tools.kubectl, "pods", namespace=self.namespace, selector=labels.SELECTOR).pods:
            if tools.clock() >= deadline:
                raise NotReadyError(f"pods still there after {self.timeout:.0f} s", ", ".join(pod.name for pod in pods))
            say(f"waiting for {count(len(pods), 'pod')} to end")
            tools.pause(INTERVAL)
        return ""


@dataclass(frozen=True, slots=True)
class SweepIstio:
    """Removes what Istio leaves behind when it is uninstalled, as far as it was not there before."""

    before: frozenset[Item]
    namespace: str  # Istio's own, when it stays and only Istio's objects in it go; "" when all of it goes
    after: tuple[str, ...] = ()
    orphaned: bool = False  # no Helm release is there that could be uninstalled: all of Istio's objects go
    key: str = "sweep"
    title: str = "what Istio leaves behind"

    def commands(self, tools: Tools) -> list[str]:
        """The kubectl commands, in words that also hold on another cluster."""
        delete = tools.kubectl.argv("delete", "customresourcedefinitions", "-l", "app.kubernetes.io/part-of=istio")
        return [shlex.join(delete)]

    def run(self, tools: Tools, say: Say) -> str:
        """Removes CRDs without objects, config maps in all namespaces, GatewayClasses."""
        kept = self._definitions(tools, say)
        now = inventory.take(tools.kubectl, [self.namespace] if self.namespace else [])
        new = sorted(item for item in now - self.before if self._left_by_istio(item))
        for item in new:
            say(f"deleting {item}")
            tools.kubectl.delete(f"{item.kind}/{item.name}", namespace=item.namespace)
        return f"kept {inventory.some(kept)}: objects of these kinds exist" if kept else f"{len(new)} objects"

    def _definitions(self, tools: Tools, say: Say) -> list[Item]:
        """Deletes the CRDs that came with Istio and have no objects; returns those that have."""
        kinds = {
            item["metadata"]["name"]: f"{item['spec']['names']['kind']}.{item['spec']['group']}"
            for item in tools.kubectl.get_json(inventory.CRD.lower())["items"]
            if item["metadata"]["name"].endswith(inventory.ISTIO_GROUP)
        }
        new = [item for item in (Item(inventory.CRD, "", name) for name in sorted(kinds)) if item not in self.before]
        used = {item.kind for item in inventory.objects_of(tools.kubectl, [item.name for item in new])}
        unused = [item for item in new if kinds[item.name] not in used]
        if unused:
            say(f"deleting {len(unused)} CRDs")
            tools.kubectl.delete(*(f"{inventory.CRD.lower()}/{i.name}" for i in unused), wait=True, timeout=60)
        return [item for item in new if kinds[item.name] in used]

    def _left_by_istio(self, item: Item) -> bool:
        if item.kind == inventory.CRD or item.kind.startswith("APIService."):
            return False  # seen to above; API services follow their CRDs by themselves
        if self.orphaned and inventory.of_istio(item):
            return True
        if item.namespace == ISTIO_NAMESPACE:
            return bool(self.namespace) and inventory.made_by_istiod(item)
        return item.name in inventory.SPREAD or (
            item.kind.startswith("GatewayClass.") and item.name.startswith("istio")
        )


def await_gone(tools: Tools, namespace: str, timeout: float, say: Say) -> None:
    """Waits until a namespace that is being deleted is gone; raises NotReadyError with Kubernetes' own reasons.

    One that is not being deleted is another one of that name, which somebody has made meanwhile.
    """
    deadline = tools.clock() + timeout
    while True:
        found = tools.kubectl.get_json("namespaces", namespace)
        if not found.get("metadata", {}).get("deletionTimestamp"):
            return
        conditions = found.get("status", {}).get("conditions", ())
        reasons = [c["message"] for c in conditions if c.get("status") == "True" and c.get("message")]
        if tools.clock() >= deadline:
            state = "; ".join(reasons) or "its objects are still being deleted"
            raise NotReadyError(f"namespace {namespace} still there after {timeout:.0f} s", state)
        say("waiting for its pods to end")
        tools.pause(INTERVAL)
