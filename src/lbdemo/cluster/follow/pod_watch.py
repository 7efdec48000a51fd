"""The pods of a release as they come, change and go: one watch for all of them."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

from lbdemo.errors import LbdemoError, OperationFailedError
from lbdemo.kube.answers import UnseenError, Why, need
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import PODS
from lbdemo.kube.reads import Choice
from lbdemo.kube.records.pods import Pod
from lbdemo.kube.streams import BrokenStreamError, ExpiredError

PAUSE = 1.0  # seconds before another try
PATIENCE = 60.0  # seconds an API server may be away before we give up

State = tuple[str, bool] | None
"""A container's id and whether it runs; None when its pod is gone."""


class PodWatch:
    """Knows the newest state of each pod that a selector finds, by its uid. `found` is told each new pod.

    The API server ends a watch every few minutes; it is taken up where it ended. When that is too long ago, or the
    connection broke, all pods are listed anew.
    """

    def __init__(
        self, api: Api, namespace: str, selector: str, found: Callable[[Pod], None], *,
        pause: float = PAUSE, patience: float = PATIENCE,
    ) -> None:  # fmt: skip
        self._api = api
        self._namespace = namespace
        self._selector = selector
        self._found = found
        self._pause = pause
        self._patience = patience
        self._pods: dict[str, Pod] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._failing_since: float | None = None
        self._version = ""  # the state from which the watch goes on; "": list first

    def look(self) -> tuple[Pod, ...]:
        """Asks for all pods, takes note of them, forgets those that are gone."""
        listing = need(self._api.listing(PODS, Choice(self._namespace, self._selector)))
        pods, self._version = listing.items, listing.version
        gone = set(self._pods) - {pod.meta.uid for pod in pods}
        for uid in gone:
            self._forget(uid)
        for pod in pods:
            self._note(pod)
        return pods

    def run(self) -> None:
        """Watches until it is closed. Raises when the API server stays away for a minute, or refuses."""
        while not self._closed:
            try:
                if not self._version:
                    self.look()
                self._failing_since = None
                self._watch()
                self._rest(self._pause / 10)
            except ExpiredError:
                self._version = ""
            except (LbdemoError, BrokenStreamError) as error:
                self._version = ""
                now = time.monotonic()
                self._failing_since = self._failing_since or now
                if isinstance(error, BrokenStreamError):
                    error = OperationFailedError(f"the watch of the pods breaks off: {error}")
                if refused(error) or now - self._failing_since >= self._patience:
                    raise error from None
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
        changes = self._api.watch(PODS, self._namespace, since=self._version, selector=self._selector)
        with contextlib.closing(changes):
            for change in changes:
                self._failing_since = None
                self._version = change.version
                if change.type == "DELETED":
                    self._forget(change.object.meta.uid)
                else:
                    self._note(change.object)
                if self._closed:
                    return

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


def refused(error: LbdemoError) -> bool:
    """Whether the API server says no because of missing rights: trying again does not help."""
    return isinstance(error, UnseenError) and error.unseen.why is Why.FORBIDDEN
