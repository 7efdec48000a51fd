"""HTTP to the API server through a unix socket: connections are kept and lent out, one question each at a time."""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

CHUNK = 256 * 1024  # bytes that one read takes at most
IDLE = 16  # connections kept open beside those in use


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; `timeout` in seconds is for the whole of it, or for each silence in a stream."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    timeout: float | None = 20.0


class Transport(Protocol):
    """How questions reach the API server. Raises OSError or HTTPException when they do not (TimeoutError is one)."""

    def send(self, request: Request) -> Reply:
        """Asks, and reads the whole answer."""

    def stream(self, request: Request) -> contextlib.AbstractContextManager[tuple[Reply, Iterator[bytes]]]:
        """Asks; the answer's head (its body empty), and its body as it comes. A broken stream raises."""


class UnixTransport:
    """Sends through the socket that `address` names (and sees to that somebody listens there). Thread-safe."""

    def __init__(self, address: Callable[[], str]) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._idle: list[_Connection] = []
        self._busy: set[_Connection] = set()
        self._cancelled = False

    def send(self, request: Request) -> Reply:
        """Asks, and reads the whole answer; a question that changes nothing is asked again when the line broke."""
        try:
            return self._send(request)
        except (ConnectionError, http.client.BadStatusLine):
            self._check()
            if request.method != "GET":
                raise
            return self._send(request)

    def _send(self, request: Request) -> Reply:
        until = None if request.timeout is None else time.monotonic() + request.timeout
        with self._answer(request) as (connection, response):
            parts = []
            while chunk := response.read1(CHUNK):
                parts.append(chunk)
                if until is not None and time.monotonic() > until:
                    raise TimeoutError(f"no whole answer in {request.timeout:g} s")
            if response.length:
                raise http.client.IncompleteRead(b"", response.length)
            response.close()
            connection.spent = response.will_close
            return Reply(response.status, _headers(response), b"".join(parts))

    @contextlib.contextmanager
    def stream(self, request: Request) -> Generator[tuple[Reply, Iterator[bytes]]]:
        """Asks; the answer's head, and its body as it comes. `cancel` in another thread ends it."""
        with self._answer(request) as (_, response):
            yield Reply(response.status, _headers(response), b""), self._chunks(response)

    def _chunks(self, response: http.client.HTTPResponse) -> Iterator[bytes]:
        try:
            while chunk := response.read1(CHUNK):
                yield chunk
        except (OSError, http.client.HTTPException):
            self._check()  # a line that was cut on purpose is an interruption
            raise
        self._check()

    def cancel(self) -> None:
        """Ends every question that is being asked, and lets none begin: the way out on Ctrl-C."""
        with self._lock:
            self._cancelled = True
            busy = list(self._busy)
        for connection in busy:
            connection.cut()
        self.close()

    def close(self) -> None:
        """Closes the connections that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextlib.contextmanager
    def _answer(self, request: Request) -> Generator[tuple[_Connection, http.client.HTTPResponse]]:
        connection = self._take(request.timeout)
        response: http.client.HTTPResponse | None = None
        try:
            connection.request(request.method, request.path, request.body or None, dict(request.headers))
            response = connection.getresponse()
            yield connection, response
        except (OSError, http.client.HTTPException):
            self._check()
            raise
        finally:
            if response is not None:
                response.close()
            self._give_back(connection)

    def _take(self, timeout: float | None) -> _Connection:
        self._check()
        path = self._address()
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                if connection.path == path and connection.usable():
                    break
                connection.close()
            else:
                connection = _Connection(path)
            self._busy.add(connection)
            connection.spent = True  # until its whole answer was read: something of it may still come
        connection.wait_at_most(timeout)
        return connection

    def _give_back(self, connection: _Connection) -> None:
        """In one step, once nothing of it is used any more: another thread may take it at once."""
        with self._lock:
            self._busy.discard(connection)
            kept = not (connection.spent or self._cancelled) and len(self._idle) < IDLE
            if kept:
                self._idle.append(connection)
        if not kept:
            connection.close()

    def _check(self) -> None:
        if self._cancelled:
            raise KeyboardInterrupt


class _Connection(http.client.HTTPConnection):
    """HTTP over a unix socket. The host is `localhost`: kubectl's proxy accepts no other name."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self.spent = True  # whether it can carry no further question
        self.path = path

    def connect(self) -> None:
        """Opens the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)

    def wait_at_most(self, timeout: float | None) -> None:
        """Sets how long one read or write may take, in seconds; None for ever."""
        self.timeout = timeout
        if self.sock is not None:
            self.sock.settimeout(timeout)

    def usable(self) -> bool:
        """Whether the other side has neither hung up nor said something that nobody asked for."""
        if self.sock is None:
            return False
        readable, _, _ = select.select([self.sock], [], [], 0)
        return not readable

    def cut(self) -> None:
        """Ends whatever is being read or written in another thread."""
        with contextlib.suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)


def _headers(response: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}
