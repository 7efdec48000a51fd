"""Looks at a pod by programs that run in it: one `kubectl exec` for all looks, where its image has what it takes and
they come soon after each other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lbdemo.diagnose.proxies import ISTIO, LINKERD
from lbdemo.errors import LbdemoError, ProgramFailedError
from lbdemo.kube.answers import Right, Unseen, Why
from lbdemo.tools.failures import Source, failure

if TYPE_CHECKING:
    from lbdemo.kube.records.pods import Container, Pod
    from lbdemo.tools.kubectl import Kubectl

LOOK = "@look"
"""The line that begins a look, of any program that looks more than once."""
MISSING = (126, 127)  # the exit codes of a shell that cannot run what it is told to
NO_PROGRAM = ("not found in $PATH", "no such file or directory")
"""How container runtimes say so (runc, crun)."""
ENOUGH = 2  # looks that are worth something when the others do not come any more
LONG = 5.0
"""Seconds between looks from which on there is a program for each: one that waits would stay in the pod for as long if
its caller were stopped, since nothing tells it."""
PATIENCE = 10.0  # seconds that the looks of a pod may take beyond their time


@dataclass(frozen=True, slots=True)
class Turns:
    """How many looks, and over how many seconds."""

    turns: int
    seconds: float

    @property
    def pause(self) -> float:
        """Seconds between two looks."""
        return self.seconds / (self.turns - 1) if self.turns > 1 else 0.0


@dataclass(frozen=True, slots=True)
class Seen:
    """The lines of one look, and when they came, in seconds since the looks began."""

    turn: int
    at: float
    lines: tuple[str, ...]


class Way(Protocol):
    """One way to look: a program, and the command for so many turns; `repeated`: one look a call."""

    @property
    def program(self) -> str:
        """What the container has to have."""

    @property
    def repeated(self) -> bool:
        """Whether the command makes one look only."""

    def command(self, turns: int, pause: float) -> list[str]:
        """The words to run in the container."""

    def shows(self, lines: Iterable[str]) -> bool:
        """Whether a look has read anything at all: one that has not is none, and shows nothing to be absent."""


class NoProgramError(LbdemoError):
    """The container lacks the program."""


class Execs:
    """Runs commands in pods, and remembers which images lack which programs. Safe to use from several threads."""

    def __init__(self, kubectl: Kubectl, clock: Callable[[], float] = time.monotonic) -> None:
        self._kubectl = kubectl
        self._clock = clock
        self._lacking: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self.begun = clock()

    def looks(self, pod: Pod, ways: Sequence[Way], turns: Turns) -> tuple[Seen, ...] | Unseen:
        """The pod's looks by the first way that works in one of its containers; or why none does."""
        refused: Unseen | None = None
        for way, container in tries(pod, ways):
            if (container.image, way.program) in self._lacking:
                continue
            try:
                return self._looks(pod, container, way, turns)
            except NoProgramError:
                with self._lock:
                    self._lacking.add((container.image, way.program))
            except LbdemoError as error:
                refused = unseen(pod, error, self._kubectl.context)
                if refused.why is Why.FORBIDDEN:
                    break
        return refused or self._nothing(pod, ways)

    def _looks(self, pod: Pod, container: Container, way: Way, turns: Turns) -> tuple[Seen, ...]:
        found: list[Seen] = []
        coming = (
            self._one_by_one(pod, container, way, turns)
            if way.repeated or turns.pause > LONG
            else looks(self._stream(pod, container, way.command(turns.turns, turns.pause), turns.seconds + PATIENCE))
        )
        try:
            for lines in coming:
                if not way.shows(lines):
                    raise NoProgramError(f"{way.program} of {container.name} can read nothing")
                found.append(Seen(len(found), self._clock() - self.begun, tuple(lines)))
        except LbdemoError:
            if len(found) < ENOUGH:
                raise
        return tuple(found)

    def _one_by_one(self, pod: Pod, container: Container, way: Way, turns: Turns) -> Iterator[list[str]]:
        for turn in range(turns.turns):
            self._kubectl.rest(max(0.0, self.begun + turn * turns.pause - self._clock()))
            lines: list[str] = []
            try:
                said = self._stream(pod, container, way.command(1, 0), PATIENCE)
                lines.extend(line for line in said if line.strip() != LOOK)
            except ProgramFailedError as error:  # of two files one may be missing: without IPv6 there is no tcp6
                if failure(error).source is not Source.REMOTE or not way.shows(lines):
                    raise
            yield lines

    def _stream(self, pod: Pod, container: Container, command: Sequence[str], timeout: float) -> Iterator[str]:
        argv = self._kubectl.exec_argv(pod.name, pod.meta.namespace, command, container.name)
        try:
            yield from self._kubectl.stream(argv, timeout=timeout)
        except ProgramFailedError as error:
            if lacks_program(error):
                raise NoProgramError(str(error)) from error
            raise

    def _nothing(self, pod: Pod, ways: Sequence[Way]) -> Unseen:
        programs = ", ".join(way.program for way in ways)
        names = ", ".join(container.name for container in running(pod)) or "no running container"
        what = f"sockets of pod {pod.name} in namespace {pod.meta.namespace}"
        return Unseen(what, Why.ABSENT, f"none of {programs} is in its containers ({names})")


def tries(pod: Pod, ways: Sequence[Way]) -> Iterator[tuple[Way, Container]]:
    """Each way in each running container, the best way first; proxies last, which seldom have a Python."""
    order = sorted(running(pod), key=lambda container: container.name in (ISTIO, LINKERD))
    return ((way, container) for way in ways for container in order)


def running(pod: Pod) -> list[Container]:
    """The containers that programs can run in, those that somebody added to look at the pod last."""
    there = (*pod.containers, *pod.ephemeral)
    return [container for container in there if container.running and (not container.init or container.always)]


def lacks_program(error: ProgramFailedError) -> bool:
    """Whether the program could not be started since the image has none of that name."""
    found = failure(error)
    if found.source is Source.REMOTE:
        return error.code in MISSING
    return any(words in error.stderr for words in NO_PROGRAM)


def unseen(pod: Pod, error: LbdemoError, context: str) -> Unseen:
    """Why no program could be run in the pod."""
    what = f"programs in pod {pod.name} in namespace {pod.meta.namespace}"
    if isinstance(error, ProgramFailedError):
        found = failure(error)
        if found.reason == "Forbidden":
            right = Right("create", "pods/exec", "", pod.meta.namespace)
            return Unseen(what, Why.FORBIDDEN, "", right, context)
        return Unseen(what, Why.REFUSED, " ".join(found.message.split()))
    return Unseen(what, Why.REFUSED, " ".join(error.message.split()))


def looks(lines: Iterable[str]) -> Iterator[list[str]]:
    """The lines of each look, each as soon as the next one begins; the last one at the end."""
    current: list[str] | None = None
    for line in lines:
        if line.strip() == LOOK:
            if current is not None:
                yield current
            current = []
        elif current is not None:
            current.append(line)
    if current is not None:
        yield current
