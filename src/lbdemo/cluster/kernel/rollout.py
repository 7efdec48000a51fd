"""Steps that scale deployments, roll their pods, and wait until these are ready."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.objects import Objects
from lbdemo.cluster.kernel.steps import Say, Tools
from lbdemo.cluster.kernel.waiting import await_rollout
from lbdemo.tools.kubectl import whole_seconds
from lbdemo.words import count


@dataclass(frozen=True, slots=True)
class Scale:
    """Sets the replicas of a deployment of ours that somebody scaled to nothing."""

    namespace: str
    deployment: str
    replicas: int
    key: str = "scale"
    after: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What it does."""
        return f"scale {self.deployment} to {self.replicas}"

    def commands(self, tools: Tools) -> list[str]:
        """The kubectl command."""
        what = ("scale", f"deployment/{self.deployment}", f"--replicas={self.replicas}")
        return [shlex.join(tools.kubectl.argv(*what, namespace=self.namespace))]

    def run(self, tools: Tools, say: Say) -> str:
        """Scales it."""
        what = ("scale", f"deployment/{self.deployment}", f"--replicas={self.replicas}")
        tools.kubectl.call(*what, namespace=self.namespace)
        return ""


@dataclass(frozen=True, slots=True)
class Await:
    """Waits until the deployments are rolled out; fails as soon as a pod says that it will not start."""

    namespace: str
    names: tuple[str, ...]
    selector: str
    timeout: float
    key: str = "ready"
    after: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()  # deployments whose pods are to be made anew first

    @property
    def title(self) -> str:
        """What it waits for."""
        return f"{', '.join(self.names)} ready"

    def commands(self, tools: Tools) -> list[str]:
        """The kubectl commands."""
        restarts = [
            tools.kubectl.argv("rollout", "restart", f"deployment/{n}", namespace=self.namespace) for n in self.restart
        ]
        limit = f"--timeout={whole_seconds(self.timeout)}"
        waits = [
            tools.kubectl.argv("rollout", "status", f"deployment/{n}", limit, namespace=self.namespace)
            for n in self.names
        ]
        return [shlex.join(argv) for argv in (*restarts, *waits)]

    def run(self, tools: Tools, say: Say) -> str:
        """Restarts what must be, and waits."""
        return count(sum(pod.stays for pod in self.rolled_out(tools, say).pods), "pod")

    def rolled_out(self, tools: Tools, say: Say) -> Objects:
        """The same; gives what was seen then."""
        for name in self.restart:
            tools.kubectl.restart(name, self.namespace)
        return await_rollout(tools, self.namespace, self.names, self.selector, self.timeout, say)


def remember(tools: Tools, namespace: str, objects: Objects, notes: Mapping[str, str]) -> None:
    """Notes each deployment's generation in a label: a later one means that somebody changed it by hand.

    Not in an annotation: setting one makes a new generation itself. `notes` are further labels, for who may not look
    at Helm's Secrets.
    """
    changed: dict[str, list[str]] = {}
    for deployment in objects.deployments:
        mark, there = str(deployment.generation), deployment.meta.labels
        if any(there.get(key) != value for key, value in {**notes, labels.GENERATION: mark}.items()):
            changed.setdefault(mark, []).append(f"deployment/{deployment.meta.name}")
    for mark, names in changed.items():
        tools.kubectl.label(names, {labels.GENERATION: mark, **notes}, namespace)
