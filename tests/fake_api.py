"""A fake API server: a real HTTP server on a unix socket, with objects; it refuses when it is told to."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fake_api_http import KINDS, Document, Handler, Server

from lbdemo.kube.api import Api
from lbdemo.kube.kinds import Kind
from lbdemo.kube.transport import UnixTransport


@dataclass
class Failure:
    """What a question of this verb and resource gets instead of an answer; `namespace` "" for all of them."""

    verb: str
    resource: str
    namespace: str
    act: Callable[[Handler], None]


Passed = tuple[int, bytes] | Callable[[Mapping[str, str]], tuple[int, bytes]]
"""What a program behind the API server answers, or how it does to the parameters that it is given."""
Piece = bytes | Callable[[], object]


def broken() -> None:
    """A piece after which the connection breaks."""
    raise ConnectionResetError


@dataclass
class Stream:
    """One stream: `of` is a pod's log or the plural of what is watched; `asked` are its parameters, None for any."""

    of: str
    asked: Mapping[str, str] | None
    pieces: Sequence[Piece]
    holds: bool  # whether it stays open in the end


@dataclass
class FakeApi:
    """Holds objects, and tells what it was asked. Use it as a context manager; `api()` asks it."""

    objects: dict[tuple[str, str, str], Document] = field(default_factory=dict)  # by resource, namespace, name
    failures: list[Failure] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)  # resources that this cluster does not know
    dead: set[str] = field(default_factory=set)  # group/version of aggregated APIs whose server is away
    logs: dict[tuple[str, str], list[bytes]] = field(default_factory=dict)  # by pod and container, in pieces
    denied: set[tuple[str, str, str]] = field(default_factory=set)  # verb, resource, namespace: for access reviews
    streams: list[Stream] = field(default_factory=list)  # logs and watches that go by a script
    passed: dict[str, Passed] = field(default_factory=dict)  # what programs answer, by path
    asked: list[str] = field(default_factory=list)  # METHOD PATH?QUERY
    bodies: list[Document] = field(default_factory=list)
    sent: int = 0  # bytes of bodies that were sent

    def __post_init__(self) -> None:
        self.changed = threading.Condition()
        self.version = itertools.count(100)
        self.newest = 99
        self.events: list[tuple[int, str, str, Document]] = []  # version, resource, type, object
        self.closing = False
        self.unannounced: list[str] = []  # streams that a test did not expect

    def add(self, *documents: Mapping[str, Any]) -> Self:
        """Objects as `kubectl get -o json` prints them; kind and metadata are enough."""
        for document in documents:
            kind = next(k for k in KINDS if k.name == document["kind"])
            self.put(kind, dict(document))
        return self

    def put(self, kind: Kind[Any], document: Document) -> Document:
        """Adds or changes an object, and tells those who watch."""
        with self.changed:
            self.newest = next(self.version)
            meta = {**document["metadata"], "resourceVersion": str(self.newest)}
            meta.setdefault("uid", f"uid-{meta['name']}-{self.newest}")
            meta.setdefault("creationTimestamp", "2026-01-02T03:04:05Z")
            key = (kind.resource, meta.get("namespace", ""), meta["name"])
            whole = {"apiVersion": kind.api_version(kind.versions[0]), "kind": kind.name, **document, "metadata": meta}
            known = key in self.objects
            self.objects[key] = whole
            self.events.append((self.newest, kind.resource, "MODIFIED" if known else "ADDED", whole))
            self.changed.notify_all()
        return whole

    def remove(self, kind: Kind[Any], name: str, namespace: str = "") -> None:
        """Takes an object away, and tells those who watch."""
        with self.changed:
            gone = self.objects.pop((kind.resource, namespace, name))
            self.newest = next(self.version)
            gone = {**gone, "metadata": {**gone["metadata"], "resourceVersion": str(self.newest)}}
            self.events.append((self.newest, kind.resource, "DELETED", gone))
            self.changed.notify_all()

    def beyond(self, version: int) -> bool:
        """Whether there is something to tell who has seen this version."""
        return self.closing or self.newest > version

    def there(self, kind: Kind[Any], name: str, namespace: str = "") -> Document | None:
        """The object as it is now."""
        return self.objects.get((kind.resource, namespace, name))

    def forbid(self, verb: str, resource: str, namespace: str = "") -> Self:
        """The user may not do it ("*" for every verb or resource): in any namespace, or in the named one."""
        self.denied.add((verb, resource, namespace))
        return self._fail(verb, resource, namespace, lambda handler: handler.forbidden())

    def hang(self, verb: str, resource: str, seconds: float) -> Self:
        """The answer takes so long."""

        def act(handler: Handler) -> None:
            time.sleep(seconds)
            handler.status(504, "Timeout", "the request did not complete in time")

        return self._fail(verb, resource, "", act)

    def damage(self, verb: str, resource: str, body: bytes = b'{"items": [{') -> Self:
        """The answer cannot be read."""
        return self._fail(verb, resource, "", lambda handler: handler.give(200, body))

    def refuse(self, verb: str, resource: str, code: int, reason: str, message: str = "", **details: Any) -> Self:
        """The API server answers with this failure."""
        return self._fail(verb, resource, "", lambda handler: handler.status(code, reason, message, **details))

    def once(self, verb: str, resource: str, act: Callable[[Handler], None]) -> Self:
        """The first such question is answered by `act`, later ones as they should be."""

        def first(handler: Handler) -> None:
            self.failures.remove(failure)
            act(handler)

        failure = Failure(verb, resource, "", first)
        self.failures.append(failure)
        return self

    def proxy_says(self, text: str) -> Self:
        """The proxy itself fails, whatever is asked: a login plugin that does not get in, or a server that is away."""
        return self._fail("*", "*", "", lambda handler: handler.give(500, text.encode(), audited=False))

    def _fail(self, verb: str, resource: str, namespace: str, act: Callable[[Handler], None]) -> Self:
        self.failures.append(Failure(verb, resource, namespace, act))
        return self

    def on_stream(
        self, of: str, asked: Mapping[str, str] | None = None, *, pieces: Sequence[Piece] = (), holds: bool = False
    ) -> Self:
        """A log (by its pod), or a watch (by the plural), is given in these pieces; equal ones in their order.

        A piece is some output, or something that is called before the stream goes on, such as `broken`. A log's
        `asked` parameters are those beside its container and time stamps.
        """
        self.streams.append(Stream(of, asked, pieces, holds))
        return self

    def works_again(self) -> None:
        """No failure any more."""
        self.failures.clear()
        self.denied.clear()

    def __enter__(self) -> Self:
        self.closing = False
        self.folder = tempfile.mkdtemp(prefix="fa")
        self.path = str(Path(self.folder, "s"))
        self._server = Server(self.path, Handler)
        self._server.fake = self
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self._transports: list[UnixTransport] = []
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self.changed:
            self.closing = True
            self.changed.notify_all()
        for transport in self._transports:
            transport.cancel()
            transport.close()
        with socket.socket(socket.AF_UNIX) as knock:  # so that it looks up at once
            knock.connect(self.path)
        assert kind is not None or not self.unannounced, f"unannounced streams: {self.unannounced}"
        self._thread.join()
        self._server.server_close()
        shutil.rmtree(self.folder)

    def _serve(self) -> None:
        while not self.closing:
            self._server.handle_request()

    def transport(self) -> UnixTransport:
        """A way to it."""
        self._transports.append(UnixTransport(lambda: self.path))
        return self._transports[-1]

    def api(self, *, trace: Callable[[str], None] | None = None, plugin: bool = False) -> Api:
        """Asks it."""
        return Api(self.transport(), trace=trace, plugin=plugin, pause=lambda _: None)


@contextlib.contextmanager
def api(*documents: Mapping[str, Any]) -> Iterator[Api]:
    """An API server with these objects, asked."""
    with FakeApi().add(*documents) as fake:
        yield fake.api()
