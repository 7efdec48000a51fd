"""One pod's log from its first line to its last, through broken streams and restarted containers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from lbdemo.cluster.follow.log_seen import Repeats, SeenLines
from lbdemo.cluster.follow.pod_watch import PodWatch, State, refused, state
from lbdemo.kube.answers import UnseenError, Why
from lbdemo.kube.api import Api
from lbdemo.kube.records.pods import Container, Pod
from lbdemo.kube.streams import BrokenStreamError, LogQuery
from lbdemo.tools.log_stamps import is_stamped

CONTAINER = "echo"
SETTLE = 2.0  # seconds in which the kubelet reports that a container ended; only then is a stream taken up again
LOOK = 1.0  # seconds after which a waiting pod is looked at again even if nothing was said
TRIES = 3  # for what a dead container left, and before a person is told of a stream that does not come


@dataclass(frozen=True, slots=True)
class Start:
    """Where a pod's log begins: `since` seconds ago, `tail` lines before its end; None for its first line."""

    since: float | None = None
    tail: int | None = None

    @property
    def query(self) -> LogQuery:
        """For the API server, which counts whole seconds."""
        since = max(1, math.ceil(self.since)) if self.since is not None else None
        return LogQuery(CONTAINER, timestamps=True, since=since, tail=self.tail)

    def later(self, seconds: float) -> Start:
        """The same beginning, so many seconds later, when no line has come meanwhile."""
        if self.since is None and self.tail is None:
            return self
        return Start(since=(self.since or 0.0) + seconds + 1)


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole lines of a pod, each with its stamp before it and its line end."""

    pod: str
    block: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """Something that a person should know of the logs, which is no line of them."""

    text: str


Post = Callable[[Lines | Note], None]


class PodLog:
    """Follows one pod. `run` returns when the pod is gone, and all that it wrote has been posted.

    A stream ends when its container does, when the connection breaks, or when the kubelet rotates the file at a bad
    moment. Which it was, nobody says. So what comes next is always read from a little before the last line seen, and
    what was seen is dropped: the same container again, what an ended one left, and its successor.
    """

    def __init__(self, api: Api, pod: Pod, watch: PodWatch, post: Post, start: Start, settle: float = SETTLE) -> None:
        self._api = api
        self._name = pod.name
        self._namespace = pod.meta.namespace
        self._uid = pod.meta.uid
        self._watch = watch
        self._post = post
        self._start = start
        self._settle = settle
        self._began = time.monotonic()
        self._seen = SeenLines()
        self._rest = b""  # the beginning of a line whose end has not come
        self._container = ""  # the id of the one read last
        self._ended = ""  # the id of the one whose log was read to its end
        self._source = ""  # the id of the one that the newest line came from
        self._opened = False  # whether some stream was there long enough to have shown what there was
        self._failures = 0
        self._said = ""

    def run(self) -> None:
        """Reads until the pod is gone."""
        while (pod := self._watch.pod(self._uid)) is not None:
            container = next((c for c in pod.containers if c.name == CONTAINER), None)
            if container is None or container.id in ("", self._ended):
                self._watch.wait(self._uid, state(pod), LOOK)
            else:
                self._read(container, state(pod))
        self._finish_line()

    def _read(self, container: Container, known: State) -> None:
        if self._container not in ("", container.id):
            self._restarted(container)
        self._container = container.id
        ended = self._attempt(follow=container.running)
        if not container.running and (ended or self._failures >= TRIES):
            self._ended = container.id
            self._failures = 0
            self._finish_line()
        elif self._watch.pod(self._uid) is not None:
            self._watch.wait(self._uid, known, self._settle)

    def _restarted(self, container: Container) -> None:
        why = f" (exit code {container.exit_code}{_reason(container)})" if container.exit_code is not None else ""
        self._post(Note(f"{self._name}: container restarted{why}"))
        if self._container != self._ended:
            self._attempt(previous=True)
            self._finish_line()

    def _attempt(self, *, follow: bool = False, previous: bool = False) -> bool:
        """Reads one stream to its end; False when it broke."""
        began = time.monotonic()
        try:
            self._stream(follow=follow, previous=previous)
        except (UnseenError, BrokenStreamError) as error:
            self._opened = self._opened or time.monotonic() - began >= self._settle
            if isinstance(error, UnseenError):
                if refused(error):
                    raise
                if error.unseen.why is Why.ABSENT:
                    self._watch.forget(self._uid)
            self._failed(error.unseen.detail if isinstance(error, UnseenError) else str(error))
            return False
        self._opened = True
        return True

    def _failed(self, why: str) -> None:
        self._failures += 1
        if self._failures == TRIES:
            self._say(f"{self._name}: its log cannot be read just now: {why}")

    def _stream(self, *, follow: bool, previous: bool) -> None:
        query = replace(self._from(), follow=follow, previous=previous)
        repeats, parts = self._seen.repeats(), list[bytes]()
        source = "" if previous else self._container
        repeats.missing &= source == self._source  # another container's log repeats nothing
        try:
            for chunk in self._api.logs(self._name, self._namespace, query):
                head, end, rest = chunk.rpartition(b"\n")
                if end:
                    self._give(b"".join([*parts, head, end]), repeats, source)
                    parts.clear()
                parts.append(rest)
        finally:
            if parts:  # otherwise nothing came, and what there was before is still the newest
                self._rest = b"".join(parts)

    def _from(self) -> LogQuery:
        if self._seen.since:
            return LogQuery(CONTAINER, timestamps=True, since_time=self._seen.since)
        start = self._start.later(time.monotonic() - self._began) if self._opened else self._start
        return start.query

    def _give(self, block: bytes, repeats: Repeats, source: str) -> None:
        own = self._only_stamped(block)
        new = repeats.without(own) if own else b""
        if own and repeats.missing:
            self._say(f"{self._name}: its log was rotated or cut meanwhile; lines may be missing")
            repeats.missing = False
        self._source = source or self._source
        if new:
            self._failures = 0
            self._seen.add(new)
            self._post(Lines(self._name, new))

    def _only_stamped(self, block: bytes) -> bytes:
        """The kubelet puts its own messages, without a stamp, at the end of a stream."""
        if is_stamped(block[block.rfind(b"\n", 0, len(block) - 1) + 1 :]):
            return block
        lines = block[:-1].split(b"\n")
        for line in lines:
            if line and not is_stamped(line):
                self._say(f"{self._name}: the kubelet says: {line[:300].decode('utf-8', 'replace')}")
        kept = [line for line in lines if is_stamped(line)]
        return b"\n".join([*kept, b""]) if kept else b""

    def _finish_line(self) -> None:
        """A container may end in the middle of a line; that much of it is a line, too."""
        rest, self._rest = self._rest, b""
        if is_stamped(rest):
            self._give(rest + b"\n", SeenLines().repeats(), "")

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._post(Note(text))


def _reason(container: Container) -> str:
    return f", {container.exit_reason}" if container.exit_reason not in ("", "Error", "Completed") else ""
