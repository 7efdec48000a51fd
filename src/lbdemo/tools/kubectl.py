"""kubectl: each verb becomes an argv. No policy."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lbdemo.errors import InputError, ProgramFailedError
from lbdemo.tools.failures import CHOOSE, Source, explain, failure

REQUEST_TIMEOUT = 20.0  # seconds one short question may take: a server that is away should not hold a person up


class Run(Protocol):
    """What the tools need of a runner."""

    def require(self, program: str) -> None:
        """Raises MissingProgramError when there is no such program."""

    def run(self, argv: Sequence[str], *, stdin: str = "", timeout: float | None = None) -> str:
        """The program's stdout."""

    def stream(self, argv: Sequence[str], *, timeout: float | None = None) -> Iterator[str]:
        """The program's stdout in lines, as they come."""

    def rest(self, seconds: float) -> None:
        """Waits between two programs."""


@dataclass(frozen=True, slots=True)
class Context:
    """A kubeconfig context: its name ("" inside a pod, whose service account is used), and its API server's address.

    `plugin` is the program that logs the user in, "" when none has to; `profile` minikube's, "" for other clusters;
    `namespace` the one that it is set to, "" for none. `why` says why there is none where kubectl's configuration
    cannot be read.
    """

    name: str
    server: str
    plugin: str = ""
    profile: str = ""
    namespace: str = ""
    why: str = ""

    def __str__(self) -> str:
        return f"context {self.name} ({self.server})" if self.name else f"this pod's own cluster ({self.server})"


TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")


def inside(environment: Mapping[str, str], token: Path = TOKEN) -> Context | None:
    """The cluster that we run in, as kubectl finds it when there is no kubeconfig; None outside of one."""
    host, port = (environment.get(f"KUBERNETES_SERVICE_{part}", "") for part in ("HOST", "PORT"))
    if not host or not port or not token.is_file():
        return None
    return Context("", f"https://{f'[{host}]' if ':' in host else host}:{port}")


def _profile(cluster: Mapping[str, Any]) -> str:
    """The profile of a cluster that minikube made, by the extension that it leaves in the kubeconfig; else ""."""
    extensions = (cluster.get("cluster") or {}).get("extensions") or ()
    made_by = {(each.get("extension") or {}).get("provider") for each in extensions}
    return str(cluster.get("name", "")) if "minikube.sigs.k8s.io" in made_by else ""


@dataclass(frozen=True, slots=True)
class Said:
    """What a program in a pod said on stdout and stderr, and its exit code."""

    out: str
    err: str = ""
    code: int = 0


class Kubectl:
    """Calls kubectl for one context ("" is the current one). Raises what `explain` makes of failures."""

    def __init__(self, runner: Run, context: str = "") -> None:
        self._runner = runner
        self.context = context

    def argv(self, *arguments: str, namespace: str = "") -> list[str]:
        """The command as it is run: program, context and namespace first, so that it can be pasted."""
        place = ["-n", namespace] if namespace else []
        context = ["--context", self.context] if self.context else []
        return ["kubectl", *context, *place, *arguments]

    def call(
        self, *arguments: str, namespace: str = "", stdin: str = "", timeout: float | None = REQUEST_TIMEOUT
    ) -> str:
        """Runs `kubectl ARGUMENTS` and returns its stdout; `timeout` is in seconds, None for no limit."""
        try:
            return self._runner.run(self.argv(*arguments, namespace=namespace), stdin=stdin, timeout=timeout)
        except ProgramFailedError as error:
            raise explain(error) from error

    def current(self) -> Context:
        """The context that is used, and its server. Raises InputError when there is none."""
        try:
            document = json.loads(self.call("config", "view", "--minify", "-o", "json") or "{}")
        except InputError:
            if self.context or (here := inside(os.environ)) is None:
                raise
            return here
        clusters, users = document.get("clusters") or [], document.get("users") or []
        if not clusters or not clusters[0].get("cluster", {}).get("server"):
            raise InputError("kubectl has no current context", CHOOSE)
        plugin = (users[0].get("user") or {}).get("exec") or {} if users else {}
        name = self.context or document.get("current-context", "")
        place = (document.get("contexts") or [{}])[0].get("context") or {}
        server = clusters[0]["cluster"]["server"]
        return Context(name, server, plugin.get("command") or "", _profile(clusters[0]), place.get("namespace") or "")

    def get_json(
        self,
        kinds: str,
        *names: str,
        namespace: str = "",
        selector: str = "",
        everywhere: bool = False,
        timeout: float = 60.0,
    ) -> Mapping[str, Any]:
        """`kubectl get -o json` for those who need more than the records hold; {"items": []} when there is nothing."""
        options = [*(["-l", selector] if selector else []), *(["-A"] if everywhere else [])]
        answer = self.call(
            "get", kinds, *names, *options, "--ignore-not-found", "-o", "json", namespace=namespace, timeout=timeout
        )
        document: Mapping[str, Any] = json.loads(answer) if answer.strip() else {"items": []}
        return document

    def delete(self, *objects: str, namespace: str = "", wait: bool = False, timeout: float = 300.0) -> None:
        """Deletes KIND/NAME objects; what is gone already is fine. With `wait`, returns when they are gone."""
        options = ["--ignore-not-found", f"--wait={str(wait).lower()}"]
        limit = [f"--timeout={whole_seconds(timeout)}"] if wait else []
        self.call("delete", *objects, *options, *limit, namespace=namespace, timeout=timeout + (10 if wait else 0))

    def label(self, objects: Sequence[str], labels: Mapping[str, str | None], namespace: str = "") -> None:
        """Sets labels of KIND/NAME objects; None takes the label away."""
        changes = [f"{key}-" if value is None else f"{key}={value}" for key, value in labels.items()]
        self.call("label", "--overwrite", *objects, *changes, namespace=namespace)

    def restart(self, deployment: str, namespace: str) -> None:
        """Rolls the deployment's pods."""
        self.call("rollout", "restart", f"deployment/{deployment}", namespace=namespace)

    def exec_argv(self, pod: str, namespace: str, command: Sequence[str], container: str = "echo") -> list[str]:
        """The argv that runs a command in a pod's container."""
        return self.argv("exec", pod, "-c", container, "--", *command, namespace=namespace)

    def exec(
        self, pod: str, namespace: str, command: Sequence[str], *, container: str = "echo", timeout: float = 60.0
    ) -> Said:
        """Runs a command in the pod and returns what it said, however it ended: that is its answer.

        Raises what `explain` makes of it when the command could not be run, or nobody knows how it ended.
        """
        arguments = self.exec_argv(pod, namespace, command, container)
        try:
            return Said(self._runner.run(arguments, timeout=timeout))
        except ProgramFailedError as error:
            found = failure(error)
            if found.source is Source.REMOTE:
                return Said(error.stdout, found.words, error.code)
            raise explain(error) from error

    def rest(self, seconds: float) -> None:
        """Waits between two calls, until all are cancelled at the most."""
        self._runner.rest(seconds)

    def stream(self, argv: Sequence[str], *, timeout: float | None = None) -> Iterator[str]:
        """Lines of a long call, made with `argv` or `exec_argv`. A failure has its hint, where there is one."""
        try:
            yield from self._runner.stream(argv, timeout=timeout)
        except ProgramFailedError as error:
            told = explain(error)
            raise (told if isinstance(told, ProgramFailedError) else error) from error


def whole_seconds(timeout: float) -> str:
    """A time limit as kubectl and Helm take it; at least 1 s, since 0 means none at all."""
    return f"{max(timeout, 1):.0f}s"
