"""The fakes: a strict runner that fails on unannounced and on unused calls, a clock, a reporter."""

from __future__ import annotations

import contextlib
import json
import re
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


class FakeRun:
    """Answers announced program calls, in any order, each once unless announced as `always`."""

    def __init__(self) -> None:
        self.missing: set[str] = set()
        self._once: list[tuple[tuple[str, ...], Answer]] = []
        self._always: list[tuple[tuple[str, ...], Answer]] = []
        self.calls: list[list[str]] = []
        self.stdin: list[str] = []

    def on(self, *words: str, answer: Answer = "", always: bool = False) -> Self:
        """A call whose argv has all these words gets this answer (a dict becomes JSON, an error is raised)."""
        (self._always if always else self._once).append((words, answer))
        return self

    def require(self, program: str) -> None:
        if program in self.missing:
            raise MissingProgramError(f"{program} is not installed")

    def run(self, argv: Sequence[str], *, stdin: str = "", timeout: float | None = None) -> str:
        self.calls.append(list(argv))
        self.stdin.append(stdin)
        for announced in self._once:
            if set(announced[0]) <= set(argv):
                self._once.remove(announced)
                return self._give(announced[1])
        for words, answer in self._always:
            if set(words) <= set(argv):
                return self._give(answer)
        raise AssertionError(f"unannounced call: {list(argv)}")

    def chunks(self, argv: Sequence[str]) -> Iterator[bytes]:
        yield self.run(argv).encode()

    def stream(self, argv: Sequence[str]) -> Iterator[str]:
        yield from self.run(argv).splitlines()

    def called(self, *words: str) -> bool:
        return any(set(words) <= set(argv) for argv in self.calls)

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
            assert not self._once, f"announced and never called: {[words for words, _ in self._once]}"


class FakeStreams(FakeRun):
    """Streams, announced by their whole argv after `kubectl -n NAMESPACE`, in pieces; equal ones in their order.

    A piece is some output, an error that is raised, or something that is called before the stream goes on. A stream
    that `holds` stays open until `cancel`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._streams: list[tuple[list[str], tuple[Piece, ...], bool]] = []
        self._cancelled = threading.Event()
        self._taking = threading.Lock()

    def on_stream(self, *words: str, pieces: Sequence[Piece] = (), holds: bool = False) -> Self:
        self._streams.append((list(words), tuple(pieces), holds))
        return self

    def chunks(self, argv: Sequence[str]) -> Iterator[bytes]:
        with self._taking:
            self.calls.append(list(argv))
            found = next((stream for stream in self._streams if stream[0] == list(argv[3:])), None)
            if found is None:
                raise AssertionError(f"unannounced stream: {list(argv)}")
            self._streams.remove(found)
        for piece in found[1]:
            if isinstance(piece, ProgramFailedError):
                raise piece
            if isinstance(piece, bytes):
                yield piece
            else:
                piece()
        if found[2]:
            assert self._cancelled.wait(20), "nobody cancelled"
            raise KeyboardInterrupt

    def stream(self, argv: Sequence[str]) -> Iterator[str]:
        for chunk in self.chunks(argv):
            yield from chunk.decode().splitlines()

    def cancel(self) -> None:
        self._cancelled.set()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if kind is None:
            assert not self._streams, f"announced and never read: {[words for words, _, _ in self._streams]}"


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
