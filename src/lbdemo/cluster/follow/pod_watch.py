"""The pods of a release as they come, change and go: one `kubectl get --watch` for all of them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from lbdemo.cluster.kernel.objects import fetch
from lbdemo.cluster.kernel.observe import forbidden
from lbdemo.errors import LbdemoError, ProgramFailedError
from lbdemo.kube.records.pods import Pod, parse_pod
from lbdemo.tools.failures import explain
from lbdemo.tools.kubectl import Kubectl

PAUSE = 1.0  # seconds before another try
PATIENCE = 60.0  # seconds an API server may be away before we give up

State = tuple[str, bool] | None
"""A container's id and whether it runs; None when its pod is gone."""


class PodWatch:
    """Knows the newest state of each pod that a selector finds, by its uid. `found` is told each new pod.

    The API server ends a watch every few minutes; then all pods are listed, and watched again.
    """

    def __init__(
        self, kubectl: Kubectl, namespace: str, selector: str, found: Callable[[Pod], None], *,
        pause: float = PAUSE, patience: float = PATIENCE,
    ) -> None:  # fmt: skip
        self._kubectl = kubectl
        self._namespace = namespace
        self._selector = selector
        self._found = found
        self._pause = pause
        self._patience = patience
        self._pods: dict[str, Pod] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._failing_since: float | None = None

    def look(self) -> tuple[Pod, ...]:
        """Asks for all pods, takes note of them, forgets those that are gone."""
        pods = fetch(self._kubectl, "pods", namespace=self._namespace, selector=self._selector).pods
        gone = set(self._pods) - {pod.meta.uid for pod in pods}
        for uid in gone:
            self._forget(uid)
        for pod in pods:
            self._note(pod)
        return pods

    def run(self) -> None:
        """Watches until it is closed. Raises when the API server stays away for a minute, or refuses."""
        again = False
        while not self._closed:
            try:
                if again:
                    self.look()
                again = True
                self._failing_since = None
                self._watch()
                self._rest(self._pause / 10)
            except LbdemoError as error:
                now = time.monotonic()
                self._failing_since = self._failing_since or now
                if refused(error) or now - self._failing_since >= self._patience:
                    raise
                self._rest(self._pause)

    def close(self) -> None:
        """Wakes all who wait here; nothing is known any more."""
        with self._changed:
            self._closed = True
            self._pods.clear()
            self._changed.notify_all()

    def pod(self, uid: str) -> Pod | None:
        """The pod's newest state; None when it is gone."""
        return self._pods.get(uid)

    def forget(self, uid: str) -> None:
        """Somebody found out that the pod is gone."""
        self._forget(uid)

    def wait(self, uid: str, known: State, timeout: float) -> None:
        """Waits until the pod's container is no longer as `known`, at most `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or state(self._pods.get(uid)) != known, timeout)

    def _watch(self) -> None:
        argv = ["get", "pods", "-l", self._selector, "--watch", "--output-watch-events", "-o", "json"]
        lines = self._kubectl.stream(self._kubectl.argv(*argv, namespace=self._namespace))
        try:
            for kind, item in events(lines):
                self._failing_since = None
                if kind == "DELETED":
                    self._forget(item["metadata"]["uid"])
                elif kind in {"ADDED", "MODIFIED"}:
                    self._note(parse_pod(item))
        except ProgramFailedError as error:
            raise explain(error) from error

    def _note(self, pod: Pod) -> None:
        with self._changed:
            if self._closed:
                return
            new = pod.meta.uid not in self._pods
            self._pods[pod.meta.uid] = pod
            self._changed.notify_all()
        if new:
            self._found(pod)

    def _forget(self, uid: str) -> None:
        with self._changed:
            self._pods.pop(uid, None)
            self._changed.notify_all()

    def _rest(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed, seconds)


def state(pod: Pod | None) -> State:
    """What of a pod's state decides how its log is read."""
    if pod is None:
        return None
    container = next((c for c in pod.containers if c.name == "echo"), None)
    return (container.id, container.running) if container else ("", False)


def events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Watch events on pods (their type, the object), whether kubectl writes them in one line each or in many."""
    text = ""
    for line in lines:
        text += line
        if not text.endswith("}"):
            continue
        try:
            event = json.loads(text)
        except ValueError:
            continue
        text = ""
        if event.get("object", {}).get("kind") == "Pod":
            yield event["type"], event["object"]


def refused(error: LbdemoError) -> bool:
    """Whether the API server says no because of missing rights: trying again does not help."""
    return isinstance(error, ProgramFailedError) and forbidden(error)
