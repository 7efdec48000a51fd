"""`logs`: the lines of all pods of a release, those that appear later included, each line once."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, Protocol

from lbdemo.cluster.follow.log_pod import CONTAINER, Lines, Note, PodLog, Start
from lbdemo.cluster.follow.pod_watch import PodWatch
from lbdemo.cluster.kernel import labels
from lbdemo.errors import InputError, LbdemoError, OperationFailedError
from lbdemo.kube.answers import UnseenError, Why, need
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import DEPLOYMENTS, PODS
from lbdemo.kube.records.pods import Pod
from lbdemo.kube.streams import BrokenStreamError
from lbdemo.tools.log_stamps import is_stamped, sortable

RELEASES = {"client": labels.CLIENT, "server": labels.SERVER}
QUEUED = 128  # blocks (of up to 64 KiB) that may wait: then the pods' streams have to
TICK = 0.1  # seconds after which the sink may draw even if nothing came
BATCH = 1000  # lines merged by time before they are handed on


@dataclass(frozen=True, slots=True)
class Selection:
    """Whose logs (a release's name), and from where on."""

    release: str
    start: Start = field(default_factory=Start)

    @property
    def selector(self) -> str:
        """Finds the release's own pods: neither its Envoy nor its `helm test`."""
        return f"app.kubernetes.io/name=echo,app.kubernetes.io/instance={self.release},{labels.SELECTOR}"


class Sink(Protocol):
    """Who takes the lines."""

    def lines(self, pod: str, block: bytes) -> None:
        """Whole lines of a pod, each with its stamp and its line end."""

    def note(self, text: str) -> None:
        """Something to know that is no line."""

    def refresh(self) -> None:
        """All there is just now was given; called at least ten times a second."""


def find(api: Api, namespace: str, selection: Selection) -> tuple[Pod, ...]:
    """The release's pods, perhaps none yet. Raises InputError when it is not installed."""
    pods = need(api.list(PODS, namespace, selector=selection.selector))
    if pods or need(api.get(DEPLOYMENTS, selection.release, namespace)) is not None:
        return pods
    raise InputError(f"{selection.release} is not installed in namespace {namespace}", "install it with `lbdemo up`")


def read(api: Api, namespace: str, selection: Selection, sink: Sink) -> None:
    """Gives what is in the logs just now, all pods merged by time; at last raises if some could not be read."""
    pods = find(api, namespace, selection)
    failures: list[LbdemoError] = []
    with contextlib.ExitStack() as opened:
        logs = []
        for pod in filter(_has_begun, pods):
            lines = _stamped_lines(api, pod, selection.start, failures)
            opened.enter_context(contextlib.closing(lines))
            logs.append(_keyed(pod.name, lines))
        for pod in pods:
            if not _has_begun(pod):
                sink.note(f"{pod.name}: has not started")
        _give_merged(logs, sink)
    if failures:
        raise failures[0]


def follow(api: Api, namespace: str, selection: Selection, sink: Sink, cancel: Callable[[], None]) -> NoReturn:
    """Gives the lines as they come, until it is interrupted; raises what keeps it from going on.

    `cancel` ends every question that is being asked; it is called in the end, whatever happened.
    """
    pods = find(api, namespace, selection)
    if not pods:
        sink.note(f"no pod of {selection.release} yet; waiting")
    feed = Feed(api, namespace, selection, frozenset(pod.meta.uid for pod in pods if _has_begun(pod)))
    try:
        feed.open()
        while True:
            feed.deliver(sink)
    finally:
        feed.close()
        cancel()
        feed.join()


class Feed:
    """A thread for the watch, one for each pod's log, and a queue into which all write."""

    def __init__(self, api: Api, namespace: str, selection: Selection, begun: frozenset[str]) -> None:
        self._api = api
        self._start = selection.start
        self._begun = begun  # whose logs begin where the query says; those of later pods begin at their first line
        self._queue: queue.Queue[Lines | Note | BaseException] = queue.Queue(QUEUED)
        self._closed = threading.Event()
        self._watch = PodWatch(api, namespace, selection.selector, self._found)
        self._threads: list[threading.Thread] = []

    def open(self) -> None:
        """Begins."""
        self._spawn("watch", self._watch.run)

    def close(self) -> None:
        """Lets the threads end, as soon as their streams do."""
        self._closed.set()
        self._watch.close()

    def join(self) -> None:
        """Waits for them, but not for ever: nothing of value is in them any more."""
        for thread in self._threads:
            thread.join(timeout=2)

    def deliver(self, sink: Sink) -> None:
        """Gives the sink what has come, or waits a moment for it."""
        over = time.monotonic() + TICK
        with contextlib.suppress(queue.Empty):
            _give(self._queue.get(timeout=TICK), sink)
            while time.monotonic() < over:
                _give(self._queue.get_nowait(), sink)
        sink.refresh()

    def _found(self, pod: Pod) -> None:
        start = self._start if pod.meta.uid in self._begun else Start()
        log = PodLog(self._api, pod, self._watch, self._post, start)
        self._spawn(pod.name, lambda: self._follow(pod.name, log))

    def _follow(self, name: str, log: PodLog) -> None:
        self._post(Note(f"+ {name}"))
        log.run()
        self._post(Note(f"- {name}"))

    def _spawn(self, name: str, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=self._guarded, args=(work,), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except (_Closed, KeyboardInterrupt):
            return  # the streams were ended because we are
        except BaseException as error:
            with contextlib.suppress(_Closed):
                self._post(error)

    def _post(self, event: Lines | Note | BaseException) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(queue.Full):
                self._queue.put(event, timeout=TICK)
                return
        raise _Closed


class _Closed(Exception):  # noqa: N818 - no error
    """Nobody listens any more."""


def _give(event: Lines | Note | BaseException, sink: Sink) -> None:
    if isinstance(event, Lines):
        sink.lines(event.pod, event.block)
    elif isinstance(event, Note):
        sink.note(event.text)
    else:
        raise event


def _has_begun(pod: Pod) -> bool:
    return any(c.name == CONTAINER and c.id for c in pod.containers)


def _stamped_lines(api: Api, pod: Pod, start: Start, failures: list[LbdemoError]) -> Generator[bytes]:
    """The pod's lines; what has gone wrong is put into `failures`, unless the pod has gone meanwhile."""
    rest = b""
    try:
        for chunk in api.logs(pod.name, pod.meta.namespace, start.query):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from filter(is_stamped, lines)
    except UnseenError as error:
        if error.unseen.why is not Why.ABSENT:
            failures.append(error)
    except BrokenStreamError as error:
        failures.append(OperationFailedError(f"the log of pod {pod.name} broke off: {error}", "try again"))
    if is_stamped(rest):
        yield rest


def _keyed(pod: str, lines: Iterator[bytes]) -> Iterator[tuple[bytes, str, bytes]]:
    return ((sortable(line), pod, line) for line in lines)


def _give_merged(logs: Sequence[Iterator[tuple[bytes, str, bytes]]], sink: Sink) -> None:
    """Neighbours of the same pod go together: a sink costs less a block than a line."""
    given = 0
    merged = heapq.merge(*logs, key=lambda entry: entry[0])
    for pod, entries in itertools.groupby(merged, key=lambda entry: entry[1]):
        while block := b"".join(line + b"\n" for _, _, line in itertools.islice(entries, BATCH)):
            sink.lines(pod, block)
            given += block.count(b"\n")
            if given >= BATCH:
                sink.refresh()
                given = 0
    sink.refresh()
