"""The steps of a plan that make or change something in the cluster: releases, namespace labels, restarts."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass

from lbdemo.cluster import inventory, labels, sidecars
from lbdemo.cluster.observe import observe_istio, side_by_side
from lbdemo.cluster.steps import Tools
from lbdemo.cluster.waiting import await_rollout
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.errors import NotReadyError, ProgramFailedError
from lbdemo.measure.wording import count
from lbdemo.tools.helm import Install
from lbdemo.tools.kubectl import whole_seconds
from lbdemo.tools.objects import Objects, Pod

# A webhook that has just come up may refuse the first calls (Services take a moment to route), and CRDs that another
# step is installing may be missing for a moment.
NOT_YET = ("failed calling webhook", "no matches for kind")
# Helm cannot read what it installed: a kind in it is gone.
UNREADABLE = "from current release manifest"
# The same when it is to uninstall or roll back, in the words of Helm 3 and Helm 4.
KINDS_GONE = ("unable to build kubernetes objects", "failed to delete release")
TRIES = 5
PAUSE = 1.0  # seconds

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class TakeInventory:
    """Writes down what the cluster had before, in each of the `keepers`, unless that was done already.

    What is in namespaces that lbdemo made (`own`) was not there before; so this may go on while releases are installed
    there. What is in the others (`namespace`, when adopted; an istio-system of somebody else) is looked at as well.
    """

    namespace: str
    keepers: tuple[str, ...]
    own: frozenset[str]
    new: bool = False  # the namespace was just made: nobody can have kept one there
    key: str = "inventory"
    title: str = "inventory of the cluster as it was"
    after: tuple[str, ...] = ()

    def commands(self, tools: Tools) -> list[str]:
        """Nothing that a person would type."""
        return []

    def run(self, tools: Tools, say: Say) -> str:
        """Takes it and keeps it."""
        kept = None if self.new else inventory.load(tools.kubectl, self.namespace)
        before = kept if kept is not None else self._take(tools)
        for keeper in self.keepers:
            if keeper != self.namespace or kept is None:
                inventory.store(tools.kubectl, keeper, before)
        if ISTIO_NAMESPACE in self.keepers:
            tools.kubectl.label([f"configmap/{inventory.NAME}"], {labels.ISTIO: "installed"}, self.namespace)
        return f"{len(before)} objects"

    def _take(self, tools: Tools) -> frozenset[inventory.Item]:
        own = self.own - self._foreign(tools)
        others = sorted({*self.keepers, self.namespace} - own)
        found, before_istio = side_by_side(
            lambda: inventory.take(tools.kubectl, others), lambda: inventory.load(tools.kubectl, ISTIO_NAMESPACE)
        )
        made = {("Namespace", name) for name in own}
        old = frozenset(item for item in found if item.namespace not in own and (item.kind, item.name) not in made)
        return inventory.before_both(old, before_istio)

    def _foreign(self, tools: Tools) -> frozenset[str]:
        """Istio's namespace, when somebody else has made it before."""
        homes = tools.kubectl.get("namespaces", ISTIO_NAMESPACE).of("Namespace") if ISTIO_NAMESPACE in self.own else ()
        return frozenset(home.name for home in homes if not labels.ours(home))


@dataclass(frozen=True, slots=True)
class InstallRelease:
    """One `helm upgrade --install`, after getting a stuck release out of the way.

    `unstick` is "uninstall" or "rollback" for a release that an interrupted Helm left pending. `drifted` are objects
    (KIND/NAME) that somebody changed in a way that Helm may not undo: they are deleted, and come back as they were.
    """

    key: str
    title: str
    install: Install
    after: tuple[str, ...] = ()
    unstick: str = ""
    drifted: tuple[str, ...] = ()

    def commands(self, tools: Tools) -> list[str]:
        """Helm's command, with the values as a here-document."""
        name, namespace = self.install.release, self.install.namespace
        first = [shlex.join(tools.helm.argv(self.unstick, name, namespace=namespace))] if self.unstick else []
        if self.drifted:
            first.append(shlex.join(tools.kubectl.argv("delete", *self.drifted, namespace=namespace)))
        argv = shlex.join(tools.helm.install_argv(self.install))
        values = json.dumps(self.install.values, indent=2)
        return [*first, f"{argv} <<'EOF'\n{values}\nEOF" if self.install.values else argv]

    def run(self, tools: Tools, say: Say) -> str:
        """Installs or upgrades."""
        if self.unstick:
            self._unstick(tools, say)
        if self.drifted:
            say(f"{', '.join(self.drifted)} changed by hand: made anew")
            tools.kubectl.delete(*self.drifted, namespace=self.install.namespace, wait=True, timeout=60)
        self._install(tools, say)
        return f"repaired by helm {self.unstick}" if self.unstick else ""

    def _unstick(self, tools: Tools, say: Say) -> None:
        name, namespace = self.install.release, self.install.namespace
        say(f"release {name} was left half-done: helm {self.unstick}")
        try:
            if self.unstick == "uninstall":
                tools.helm.uninstall(name, namespace)
            else:
                tools.helm.rollback(name, namespace)
        except ProgramFailedError as error:
            if not any(sign in error.stderr for sign in KINDS_GONE):
                raise
            say(f"release {name} has objects of kinds that are gone: installing it anew")
            forget(tools, name, namespace)

    def _install(self, tools: Tools, say: Say) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                tools.helm.install(self.install)
            except ProgramFailedError as error:
                if UNREADABLE in error.stderr and attempt < TRIES:
                    say(f"release {self.install.release} has objects of kinds that are gone: installing it anew")
                    forget(tools, self.install.release, self.install.namespace)
                    continue
                if not any(sign in error.stderr for sign in NOT_YET) or attempt == TRIES:
                    raise
                say("the API server is not ready for it yet (a webhook, or a CRD); trying again")
                tools.pause(PAUSE)
            else:
                return


@dataclass(frozen=True, slots=True)
class LabelNamespace:
    """Sets or takes away labels of our own namespace; `changes` are (key, value) pairs, None takes away."""

    namespace: str
    changes: tuple[tuple[str, str | None], ...]
    key: str = "label"
    after: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What it does."""
        words = ", ".join(f"{key}-" if value is None else f"{key}={value}" for key, value in self.changes)
        return f"label namespace {self.namespace}: {words}"

    def commands(self, tools: Tools) -> list[str]:
        """The kubectl command."""
        words = [f"{key}-" if value is None else f"{key}={value}" for key, value in self.changes]
        return [shlex.join(tools.kubectl.argv("label", "--overwrite", f"namespace/{self.namespace}", *words))]

    def run(self, tools: Tools, say: Say) -> str:
        """Labels it."""
        tools.kubectl.label([f"namespace/{self.namespace}"], dict(self.changes))
        return ""


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
    sidecars: bool | None = None  # whether each pod must have (or must not have) a sidecar; None: not looked at

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
        """Restarts what must be, waits, and looks at the sidecars."""
        for name in self.restart:
            tools.kubectl.restart(name, self.namespace)
        objects = await_rollout(tools, self.namespace, self.names, self.selector, self.timeout, say)
        pods = [pod for pod in objects.pods if pod.stays]
        if self.sidecars is None:
            return count(len(pods), "pod")
        remember(tools, self.namespace, objects)
        wrong = sidecars.strangers(pods, wanted=self.sidecars)
        if wrong:
            raise self._wrong_sidecars(tools, wrong)
        found = count(len(pods), "pod")
        return f"{found}, each with its sidecar" if self.sidecars else f"{found}, none with a sidecar"

    def _wrong_sidecars(self, tools: Tools, wrong: list[Pod]) -> NotReadyError:
        if not self.sidecars:
            names = ", ".join(pod.name for pod in wrong)
            return NotReadyError("pods have a sidecar that they should not have", names, "something else injects them")
        place = tools.kubectl.get("namespaces", self.namespace).of("Namespace")
        daemon = observe_istio(tools.kubectl, self.namespace).daemon
        lines = [
            f"  {pod.name}: {sidecars.why_missing(pod, place[0] if place else None, daemon.meta if daemon else None)}"
            for pod in wrong
        ]
        return NotReadyError("pods lack their sidecar", "\n".join(["", *lines]), "`istioctl check-inject` tells more")


def forget(tools: Tools, release: str, namespace: str) -> None:
    """Lets Helm forget a release that it can neither upgrade nor uninstall; its objects stay, and know whose they are.

    That is so when a kind of object in it is gone, such as Istio's when somebody has deleted Istio's CRDs.
    """
    tools.kubectl.call("delete", "secrets", "-l", f"owner=helm,name={release}", namespace=namespace)


def remember(tools: Tools, namespace: str, objects: Objects) -> None:
    """Notes each deployment's generation in a label: a later one means that somebody changed it by hand.

    Not in an annotation: setting one makes a new generation itself.
    """
    changed: dict[str, list[str]] = {}
    for deployment in objects.deployments:
        mark = str(deployment.generation)
        if deployment.meta.labels.get(labels.GENERATION) != mark:
            changed.setdefault(mark, []).append(f"deployment/{deployment.meta.name}")
    for mark, names in changed.items():
        tools.kubectl.label(names, {labels.GENERATION: mark}, namespace)


def our_selector(release: str = "") -> str:
    """The label selector of all our objects in a namespace, or of one release's."""
    return labels.SELECTOR + (f",app.kubernetes.io/instance={release}" if release else "")
