"""The step that deletes a namespace of ours, and the wait for its end."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field

from lbdemo.cluster.cleanup import keeping, snapshot
from lbdemo.cluster.cleanup.contents import Contents, Household
from lbdemo.cluster.cleanup.inventory import Inventory
from lbdemo.cluster.cleanup.proof import Proof
from lbdemo.cluster.kernel.steps import Say, Tools
from lbdemo.errors import NotReadyError
from lbdemo.kube.answers import need
from lbdemo.kube.kinds import NAMESPACES
from lbdemo.kube.records.cluster import Namespace

INTERVAL = 0.4  # seconds between two looks
STUCK = (
    30.0  # seconds for which a namespace may say the same of what holds it: an API server that restarts is back then
)


@dataclass(frozen=True, slots=True)
class DeleteNamespace:
    """Deletes a namespace that lbdemo made, unless somebody else's objects live in it, or may."""

    namespace: str
    uid: str
    timeout: float
    after: tuple[str, ...] = ()
    proof: Proof = field(default_factory=Proof, compare=False)

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
        argv = shlex.join(tools.kubectl.argv("delete", "namespace", self.namespace))
        return [f"{argv}  # made by lbdemo, as its label says; uid {self.uid}"]

    def run(self, tools: Tools, say: Say) -> str:
        """Deletes it and waits until it is gone."""
        there = need(tools.api.get(NAMESPACES, self.namespace))
        if there is None or there.meta.uid != self.uid:
            return "it is gone already"
        if reason := look_into(tools, there, self.proof).reason:
            return f"kept: {reason}"
        tools.api.delete(NAMESPACES, self.namespace, uid=self.uid)
        await_gone(tools, self.namespace, self.timeout, say)
        return ""


def look_into(tools: Tools, there: Namespace, proof: Proof) -> Contents:
    """What of others is in a namespace of ours."""
    inventory = keeping.load(tools.api, there.meta.name) or Inventory()
    found = snapshot.contents(tools.api, there.meta.name)
    return Household(there.meta, proof, inventory).contents(found)


def await_gone(tools: Tools, namespace: str, timeout: float, say: Say) -> None:
    """Waits until a namespace that is being deleted is gone; raises NotReadyError with Kubernetes' own reasons.

    They are told as soon as the namespace names them, and when it has named the same ones for STUCK seconds, nothing
    is waited for any more. A namespace that is not being deleted is another one of that name, which somebody has made
    meanwhile.
    """
    begun = tools.clock()
    since, said = begun, ""
    while True:
        there = need(tools.api.get(NAMESPACES, namespace))
        if there is None or not there.meta.deleting:
            return
        now, stuck = tools.clock(), there.stuck
        since, said = (since, said) if stuck == said else (now, stuck)
        if now - begun >= timeout or (stuck and now - since >= STUCK):
            state = stuck or "; ".join(c.message for c in there.held_by) or "its objects are still being deleted"
            hint = f"`kubectl get namespace {namespace} -o yaml` shows more; once that is mended, it goes by itself"
            raise NotReadyError(f"namespace {namespace} still there after {now - begun:.0f} s", state, hint)
        say(f"it is held by: {stuck}" if stuck else "waiting for its pods to end")
        tools.pause(INTERVAL)
