"""Steps that install a Helm release, whatever state an interrupted Helm left it in."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lbdemo import resources
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.steps import Say, Tools
from lbdemo.errors import ProgramFailedError
from lbdemo.kube.answers import need
from lbdemo.kube.kinds import SECRETS
from lbdemo.tools.helm import Chart, Install, as_yaml, verdict

# A webhook that has just come up may refuse the first calls (Services take a moment to route), and CRDs that another
# step is installing may be missing for a moment.
NOT_YET = ("failed calling webhook", "no matches for kind")
# Helm cannot read what it installed: a kind in it is gone.
UNREADABLE = "from current release manifest"
# The same when it is to uninstall or roll back, in the words of Helm 3 and Helm 4.
KINDS_GONE = ("unable to build kubernetes objects", "failed to delete release")
TRIES = 5
PAUSE = 1.0  # seconds


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
        values = as_yaml(self.install.values, indent=2)
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
            if not any(sign in verdict(error.stderr) for sign in KINDS_GONE):
                raise
            say(f"release {name} has objects of kinds that are gone: installing it anew")
            forget(tools, name, namespace)

    def _install(self, tools: Tools, say: Say) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                tools.helm.install(self.install)
            except ProgramFailedError as error:
                if UNREADABLE in verdict(error.stderr) and attempt < TRIES:
                    say(f"release {self.install.release} has objects of kinds that are gone: installing it anew")
                    forget(tools, self.install.release, self.install.namespace)
                    continue
                if not any(sign in verdict(error.stderr) for sign in NOT_YET) or attempt == TRIES:
                    raise
                say("the API server is not ready for it yet (a webhook, or a CRD); trying again")
                tools.pause(PAUSE)
            else:
                return


def of_objects(
    release: str, namespace: str, objects: Sequence[Mapping[str, Any]], digest: str, timeout: float
) -> Install:
    """A release that holds objects as they are given; `digest` is of what it is made from, and marks it as lbdemo's."""
    return Install(
        release=release, namespace=namespace, chart=Chart(str(resources.addons_chart())),
        values={"objects": list(objects)}, labels={labels.PART_OF: "lbdemo", labels.DIGEST: digest}, timeout=timeout,
    )  # fmt: skip


def forget(tools: Tools, release: str, namespace: str) -> None:
    """Lets Helm forget a release that it can neither upgrade nor uninstall; its objects stay, and know whose they are.

    That is so when a kind of object in it is gone, such as Istio's when somebody has deleted Istio's CRDs.
    """
    for secret in need(tools.api.metas(SECRETS, namespace, selector=f"owner=helm,name={release}")):
        tools.api.delete(SECRETS, secret.name, namespace, uid=secret.uid)
