"""The fakes: a strict runner that fails on unannounced and on unused calls, a clock, a reporter."""

from __future__ import annotations

import contextlib
import difflib
import json
import re
import shlex
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

from lbdemo.cluster.kernel.steps import Tools
from lbdemo.errors import MissingProgramError, ProgramFailedError
from lbdemo.kube.api import Api
from lbdemo.kube.transport import Reply, Request
from lbdemo.tools.failures import Failure, Source
from lbdemo.tools.failures import failure as failure_of
from lbdemo.tools.helm import Helm
from lbdemo.tools.kubectl import Kubectl

Piece = bytes | ProgramFailedError | Callable[[], object]
Answer = str | dict[str, Any] | ProgramFailedError
VARIABLE = re.compile(r"<[^<>]+>")


@dataclass(frozen=True)
class Command:
    """A command line as it would be pasted; `<WHAT>` stands for some text that varies, within one word."""

    line: str

    @property
    def words(self) -> list[str]:
        return shlex.split(self.line)

    def matches(self, argv: Sequence[str]) -> bool:
        """Whether this is that command: the same words, all of them, in the same order."""
        patterns = [".+".join(map(re.escape, VARIABLE.split(word))) for word in self.words]
        pairs = zip(patterns, argv, strict=False)
        return len(patterns) == len(argv) and all(re.fullmatch(p, word, re.DOTALL) for p, word in pairs)

    def differs(self, argv: Sequence[str]) -> int:
        """In how many words it is another command."""
        return sum(sign[0] in "+-" for sign in difflib.ndiff(self.words, list(argv)))


class FakeRun:
    """Answers announced program calls, in any order, each once unless announced as `always`; equal ones in their order.

    A call that was not announced fails the test, also when it lacks one word of an announced one, or has one more.
    """

    def __init__(self) -> None:
        self.missing: set[str] = set()
        self.rested: list[float] = []
        self._once: list[tuple[Command, Answer]] = []
        self._always: list[tuple[Command, Answer]] = []
        self.calls: list[list[str]] = []
        self.stdin: list[str] = []

    def on(self, line: str, *, answer: Answer = "", always: bool = False) -> Self:
        """This command (see `Command`) gets this answer: a dict becomes JSON, an error is raised."""
        (self._always if always else self._once).append((Command(line), answer))
        return self

    def rest(self, seconds: float) -> None:
        self.rested.append(seconds)

    def require(self, program: str) -> None:
        if program in self.missing:
            raise MissingProgramError(f"{program} is not installed")

    def run(self, argv: Sequence[str], *, stdin: str = "", timeout: float | None = None) -> str:
        self.calls.append(list(argv))
        self.stdin.append(stdin)
        for announced in self._once:
            if announced[0].matches(argv):
                self._once.remove(announced)
                return self._give(announced[1])
        for command, answer in self._always:
            if command.matches(argv):
                return self._give(answer)
        raise AssertionError(unannounced(argv, [command for command, _ in (*self._once, *self._always)]))

    def chunks(self, argv: Sequence[str]) -> Iterator[bytes]:
        yield self.run(argv).encode()

    def stream(self, argv: Sequence[str], *, timeout: float | None = None) -> Iterator[str]:
        yield from self.run(argv).splitlines()

    def called(self, line: str) -> bool:
        """Whether this command was run."""
        return any(Command(line).matches(argv) for argv in self.calls)

    @staticmethod
    def _give(answer: Answer) -> str:
        if isinstance(answer, ProgramFailedError):
            raise answer
        return answer if isinstance(answer, str) else json.dumps(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            assert not self._once, f"announced and never called: {[command.line for command, _ in self._once]}"


def unannounced(argv: Sequence[str], commands: Sequence[Command]) -> str:
    """What to tell of a call that nobody announced: how it differs from the announced one that is most like it."""
    said = f"unannounced call: {shlex.join(argv)}"
    if not commands:
        return f"{said}\n(no call is announced, or all were made)"
    likest = min(commands, key=lambda command: command.differs(argv))
    words = (f"  {sign}" for sign in difflib.ndiff(likest.words, list(argv)) if sign[0] != "?")
    return "\n".join([f"{said}\nmost like it (- announced, + called): {likest.line}", *words])


class FakeStreams(FakeRun):
    """Streams, announced by their commands, in pieces; equal ones in their order.

    A piece is some output, an error that is raised, or something that is called before the stream goes on.
    """

    def __init__(self) -> None:
        super().__init__()
        self._streams: list[tuple[Command, tuple[Piece, ...]]] = []
        self._taking = threading.Lock()  # several threads ask at once

    def on_stream(self, line: str, pieces: Sequence[Piece] = ()) -> Self:
        self._streams.append((Command(line), tuple(pieces)))
        return self

    def chunks(self, argv: Sequence[str]) -> Iterator[bytes]:
        self.calls.append(list(argv))
        with self._taking:
            found = next((stream for stream in self._streams if stream[0].matches(argv)), None)
            if found is None:
                raise AssertionError(unannounced(argv, [command for command, _ in self._streams]))
            self._streams.remove(found)
        for piece in found[1]:
            if isinstance(piece, ProgramFailedError):
                raise piece
            if isinstance(piece, bytes):
                yield piece
            else:
                piece()

    def stream(self, argv: Sequence[str], *, timeout: float | None = None) -> Iterator[str]:
        for chunk in self.chunks(argv):
            yield from chunk.decode().splitlines()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if kind is None:
            assert not self._streams, f"announced and never read: {[command.line for command, _ in self._streams]}"


@dataclass
class FakeClock:
    """A clock that moves by itself at each look."""

    step: float = 0.0
    now: float = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@dataclass
class FakeReporter:
    """Remembers what it was told."""

    events: list[tuple[str, str]] = field(default_factory=list)

    def started(self, key: str, title: str) -> None:
        self.events.append(("started", key))

    def progress(self, key: str, text: str) -> None:
        self.events.append(("progress", text))

    def finished(self, key: str, title: str, seconds: float, note: str) -> None:
        self.events.append(("finished", key))

    def failed(self, key: str, title: str, seconds: float) -> None:
        self.events.append(("failed", key))


class FakeStop(threading.Event):
    """Whoever pauses goes on at once, unless told to stop."""

    def wait(self, timeout: float | None = None) -> bool:
        return super().wait(0.001 if timeout else timeout)


def no_docker() -> Any:
    raise AssertionError("Docker was not announced")


CODES = {"Forbidden": 403, "NotFound": 404, "AlreadyExists": 409, "Conflict": 409, "Unauthorized": 401}
OBJECT = re.compile(r"/(?:api|apis/[^/]+)/v\w+(?:/namespaces/([^/]+)(?=/))?/([a-z]+)(?:/([^/]+))?")


class ScriptedServer:
    """An API server whose answers are announced on a fake runner, as those of `kubectl get KIND [NAME] -n … -l …`."""

    def __init__(self, run: FakeRun) -> None:
        self._run = run

    def send(self, request: Request) -> Reply:
        path, _, query = request.path.partition("?")
        found = OBJECT.fullmatch(path)
        assert request.method == "GET", f"unannounced change: {request.method} {request.path}"
        assert found, f"unannounced question: {request.path}"
        namespace, plural, name = found.groups()
        given = dict(parse_qsl(query))
        argv = ["kubectl", "get", plural, *([name] if name else [])]
        argv += ["-n", namespace] if namespace else [] if name else ["-A"]
        argv += ["-l", given["labelSelector"]] if "labelSelector" in given else []
        argv += ["--field-selector", given["fieldSelector"]] if "fieldSelector" in given else []
        try:
            answer = json.loads(self._run.run(argv) or "{}")
        except ProgramFailedError as error:
            return refused(failure_of(error))
        items = answer.get("items", [answer] if answer else [])
        items = [item for item in items if plural in (f"{item['kind'].lower()}s", f"{item['kind'].lower()}es")]
        if not name:
            return reply({"metadata": {"resourceVersion": "1"}, "items": items})
        there = next((item for item in items if item["metadata"]["name"] == name), None)
        missing = {"kind": "Status", "reason": "NotFound", "message": f"{name} not found", "details": {"name": name}}
        return reply(there) if there else reply(missing, 404)

    def stream(self, request: Request) -> contextlib.AbstractContextManager[tuple[Reply, Iterator[bytes]]]:
        raise AssertionError(f"unannounced stream: {request.path}")


def reply(document: Mapping[str, Any], code: int = 200) -> Reply:
    """An answer of an API server."""
    return Reply(code, {"audit-id": "1"}, json.dumps(document).encode())


def refused(found: Failure) -> Reply:
    """The same failure as the API server itself, or the proxy before it, tells it."""
    if found.source is not Source.API_SERVER:
        return Reply(500, {}, found.message.encode())
    status = {"kind": "Status", "status": "Failure", "reason": found.reason, "message": found.message}
    return reply(status, CODES.get(found.reason, 500))


def asking(run: FakeRun) -> Api:
    """Asks the API server whose answers are announced on this runner."""
    return Api(ScriptedServer(run), pause=lambda _: None)


def tools(run: FakeRun, clock: Callable[[], float] | None = None, api: Api | None = None) -> Tools:
    """Tools on a fake runner, and on an API server (see `fake_api`) when there is one."""
    return Tools(
        run, Kubectl(run), api or asking(run), Helm(run), no_docker, lambda: None, clock or FakeClock(), FakeStop()
    )


def failure(stderr: str, *argv: str, code: int = 1) -> ProgramFailedError:
    """A program that failed with these words."""
    return ProgramFailedError(argv or ("kubectl", "get"), code, stderr)
