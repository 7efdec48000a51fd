"""What happens to the servers' pods, told to every page that listens: made, ready, leaving, gone."""

from __future__ import annotations

import collections
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass
from typing import Any

from lbdemo.cluster.istio.sidecars import sidecar
from lbdemo.cluster.kernel import labels
from lbdemo.errors import LbdemoError
from lbdemo.kube.answers import need
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import PODS
from lbdemo.kube.reads import Choice
from lbdemo.kube.records.pods import Pod
from lbdemo.kube.streams import BrokenStreamError, ExpiredError

SERVERS = f"{labels.SELECTOR},{labels.RELEASE}={labels.SERVER},app.kubernetes.io/name=echo"
KEPT = 100  # events that a page hears of which comes later
PAUSE = 1.0  # seconds before another try
SILENCE = 5.0  # seconds after which a page hears that there is nothing new


@dataclass(frozen=True, slots=True)
class Happening:
    """One event: `at` in seconds of the epoch, of which kind, at which pod ("": none), and in words."""

    at: float
    kind: str
    pod: str
    text: str

    def to_dict(self) -> dict[str, Any]:
        """As the page reads it."""
        return asdict(self)


def happened(before: Pod | None, after: Pod | None, at: float) -> list[Happening]:
    """What happened to one pod between two looks; None: it was not there, or is not any more."""
    pod = after or before
    if pod is None:
        return []
    was, now = _state(before), _state(after)
    with_sidecar = ", with a sidecar" if sidecar(pod) is not None else ""
    words = {
        "pod-added": f"{pod.name} made{with_sidecar}",
        "pod-ready": f"{pod.name} ready{with_sidecar}",
        "pod-unready": f"{pod.name} not ready any more",
        "pod-leaving": f"{pod.name} told to leave",
        "pod-deleted": f"{pod.name} gone",
    }
    kinds = ["pod-added"] if before is None else []
    if now != was and now in {"ready", "leaving", "deleted"}:
        kinds.append(f"pod-{now}")
    elif was == "ready" and now == "waiting":
        kinds.append("pod-unready")
    return [Happening(at, kind, pod.name, words[kind]) for kind in kinds]


def _state(pod: Pod | None) -> str:
    if pod is None:
        return "deleted"
    return "leaving" if pod.meta.deleting else "ready" if pod.ready else "waiting"


class Happenings:
    """Watches the servers' pods from `begin` to `close`, and tells each listener what happens."""

    def __init__(self, api: Api, namespace: str, clock: Callable[[], float] = time.time) -> None:
        self._api = api
        self._namespace = namespace
        self._clock = clock
        self._pods: dict[str, Pod] = {}
        self._looked = False
        self._told: collections.deque[Happening] = collections.deque(maxlen=KEPT)
        self._listeners: set[queue.SimpleQueue[Happening]] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="happenings", daemon=True)

    @property
    def pods(self) -> tuple[Pod, ...]:
        """The servers that stay, by name."""
        with self._lock:
            return tuple(sorted((pod for pod in self._pods.values() if pod.stays), key=lambda pod: pod.name))

    def begin(self) -> None:
        """Looks once, and watches from then on. Raises UnseenError when the pods may not be seen."""
        self._version = self._look()
        self._thread.start()

    def close(self) -> None:
        """Listeners hear nothing any more; the session ends the watch itself."""
        self._closed.set()

    def tell(self, kind: str, pod: str, text: str) -> None:
        """Something that is known here already, such as a button that was pressed."""
        self._tell([Happening(self._clock(), kind, pod, text)])

    def listen(self, silence: float = SILENCE) -> Generator[Happening | None]:
        """What was told last, and what happens from now on; None where nothing happens for so many seconds."""
        mine: queue.SimpleQueue[Happening] = queue.SimpleQueue()
        with self._lock:
            before = list(self._told)
            self._listeners.add(mine)
        try:
            yield from before
            while not self._closed.is_set():
                try:
                    yield mine.get(timeout=silence)
                except queue.Empty:
                    yield None
        finally:
            with self._lock:
                self._listeners.discard(mine)

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                self._version = self._version or self._look()
                self._watch()
            except (LbdemoError, ExpiredError, BrokenStreamError):
                self._version = ""
                self._closed.wait(PAUSE)
            except KeyboardInterrupt:  # the session has ended
                return

    def _look(self) -> str:
        listing = need(self._api.listing(PODS, Choice(self._namespace, SERVERS)))
        there = {pod.meta.uid: pod for pod in listing.items}
        for uid in {*self._pods, *there}:
            self._note(uid, there.get(uid))
        self._looked = True
        return listing.version

    def _watch(self) -> None:
        changes = self._api.watch(PODS, self._namespace, since=self._version, selector=SERVERS)
        with contextlib.closing(changes):
            for change in changes:
                self._version = change.version
                pod = change.object
                self._note(pod.meta.uid, None if change.type == "DELETED" else pod)

    def _note(self, uid: str, pod: Pod | None) -> None:
        with self._lock:
            before = self._pods.pop(uid, None)
            if pod is not None:
                self._pods[uid] = pod
        if self._looked:  # what was there before anybody looked is no news
            self._tell(happened(before, pod, self._clock()))

    def _tell(self, news: list[Happening]) -> None:
        with self._lock:
            self._told.extend(news)
            for listener in self._listeners:
                for happening in news:
                    listener.put(happening)
