"""The steps of `clean` that take our releases away: named objects, each with its uid and the reason why it is ours."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

from lbdemo.cluster.cleanup.items import CRD
from lbdemo.cluster.cleanup.keeping import KEEPERS, NAME
from lbdemo.cluster.cleanup.proof import Removal
from lbdemo.cluster.cleanup.users import our_pods
from lbdemo.cluster.kernel.releases import KINDS_GONE, forget
from lbdemo.cluster.kernel.steps import Say, Tools
from lbdemo.cluster.kernel.until import until_over
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.errors import NotReadyError, ProgramFailedError
from lbdemo.tools.helm import verdict
from lbdemo.words import count

INTERVAL = 0.4  # seconds between two looks


@dataclass(frozen=True, slots=True)
class UninstallRelease:
    """`helm uninstall`, waiting for its objects to be gone. `held` are those objects."""

    release: str
    namespace: str
    timeout: float
    after: tuple[str, ...] = ()
    held: tuple[Removal, ...] = field(default=(), compare=False)

    @property
    def key(self) -> str:
        """The release's name is unique in the plan."""
        return self.release

    @property
    def title(self) -> str:
        """What it does."""
        return f"uninstall release {self.release}"

    def commands(self, tools: Tools) -> list[str]:
        """Helm's command, and as comments what it removes and why that is ours."""
        removed = [f"#   {removal}" for removal in self.held if removal.object.item.kind != CRD]
        return [shlex.join(tools.helm.argv("uninstall", self.release, "--wait", namespace=self.namespace)), *removed]

    def run(self, tools: Tools, say: Say) -> str:
        """Uninstalls; a release that is gone already is fine."""
        try:
            tools.helm.uninstall(self.release, self.namespace, timeout=self.timeout)
        except ProgramFailedError as error:
            if self.namespace == ISTIO_NAMESPACE or not any(sign in verdict(error.stderr) for sign in KINDS_GONE):
                raise
            delete(tools, self.held)  # without the rights for it nothing is forgotten
            forget(tools, self.release, self.namespace)
            return "Helm could not: kinds of its objects are gone from the cluster; the others were deleted"
        return ""


@dataclass(frozen=True, slots=True)
class EmptyNamespace:
    """Takes our own few objects out of a namespace that lbdemo did not make; the namespace stays."""

    namespace: str
    timeout: float
    after: tuple[str, ...] = ()
    held: tuple[Removal, ...] = field(default=(), compare=False)
    replica_sets: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def key(self) -> str:
        """The namespace's name is unique in the plan."""
        return f"namespace/{self.namespace}"

    @property
    def title(self) -> str:
        """What it does."""
        return f"empty namespace {self.namespace} of what lbdemo made (it is not lbdemo's)"

    def commands(self, tools: Tools) -> list[str]:
        """What is deleted beside the releases."""
        return [shlex.join(tools.kubectl.argv("delete", f"configmap/{NAME}", namespace=self.namespace))]

    def run(self, tools: Tools, say: Say) -> str:
        """Waits until our pods are gone, too: Helm returns before that."""
        delete(tools, [removal for removal in self.held if removal.object.item.kind != CRD])
        until_over(
            tools,
            lambda: our_pods(tools.api, self.namespace, self.held, self.replica_sets),
            lambda pods: NotReadyError(
                f"pods still there after {self.timeout:.0f} s", ", ".join(pod.name for pod in pods)
            ),
            timeout=self.timeout,
            interval=INTERVAL,
            say=lambda pods: say(f"waiting for {count(len(pods), 'pod')} to end"),
        )
        tools.api.delete(KEEPERS, NAME, self.namespace)
        return ""


def delete(tools: Tools, removals: Sequence[Removal]) -> None:
    """Deletes named objects, and no others that have taken their names meanwhile; what is gone already is fine."""
    for removal in removals:
        found = removal.object
        tools.api.delete(found.kind, found.meta.name, found.meta.namespace, uid=found.meta.uid)


def command(tools: Tools, removal: Removal) -> str:
    """The removal as a line to paste, with its reason."""
    found = removal.object
    argv = tools.kubectl.argv("delete", f"{found.kind.resource}/{found.meta.name}", namespace=found.meta.namespace)
    return f"{shlex.join(argv)}  # {removal.why}, uid {found.meta.uid}"
