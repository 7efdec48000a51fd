"""Passes a call of the page on to the Envoy in the cluster, and its answer back, piece by piece as it comes."""

from __future__ import annotations

import contextlib
import http.client
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

CONNECT = 5.0  # seconds
PATIENCE = 3.0  # seconds that a call waits for the way to be made anew, before it is sent
CHUNK = 64 * 1024
LARGEST = 4 << 20  # bytes of a request: what gRPC's servers take at most
# Of one connection, and not of what it carries; the last two are of this machine alone.
OWN = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "host", "content-length"})
AWAY = {"content-type": "application/grpc-web+proto", "grpc-status": "14"}
"""What a call is told where there is no way: UNAVAILABLE, as an Envoy without a server says it."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the page's Envoy, or a gateway before it, takes calls; `name` is the host that is asked for there, if any.

    Such a name is nobody's in DNS: a gateway knows by it whom a call is for.
    """

    host: str
    port: int
    name: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What says so."""
        return {"host": self.name} if self.name else {}

    def __str__(self) -> str:
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"


class Leads(Protocol):
    """Who knows the address that leads to the cluster."""

    def __call__(self, patience: float, not_this: Address | None, /) -> Address | None:
        """The address, other than `not_this`; None when there is none within so many seconds."""


class Browser(Protocol):
    """Who is answered."""

    def begin(self, status: int, headers: Mapping[str, str], *, length: int | None) -> None:
        """The head of the answer; a length of None: it is not known, and pieces follow."""

    def piece(self, content: bytes) -> None:
        """A piece of the body."""

    def end(self) -> None:
        """The whole body has been given."""


@dataclass(frozen=True, slots=True)
class Call:
    """What the browser sent."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class Line:
    """A connection to the Envoy, kept for the next call as long as its address stays the same."""

    def __init__(self) -> None:
        self._address: Address | None = None
        self._connection: http.client.HTTPConnection | None = None

    def pass_on(self, leads: Leads, call: Call, browser: Browser) -> None:
        """Carries the call. Raises BrokenPipeError when the answer is cut off, so that the browser sees it cut, too."""
        answer = self._sent(call) if self._reaches(leads) else None
        if answer is None:
            browser.begin(HTTPStatus.SERVICE_UNAVAILABLE, AWAY | {"grpc-message": "no way to the cluster"}, length=0)
            browser.end()
            return
        given = {key.lower(): value for key, value in answer.getheaders() if key.lower() not in OWN}
        try:
            browser.begin(answer.status, given, length=answer.length)
            for content in pieces(answer):
                browser.piece(content)
            browser.end()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Ends the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _sent(self, call: Call) -> http.client.HTTPResponse | None:
        """The head of the answer; None where it does not come."""
        assert self._connection is not None
        assert self._address is not None
        kept = {key: value for key, value in call.headers.items() if key.lower() not in OWN} | self._address.headers
        try:
            self._connection.request("POST", call.path, call.body, kept)
            return self._connection.getresponse()
        except (OSError, http.client.HTTPException):
            self.close()
            return None

    def _reaches(self, leads: Leads) -> bool:
        """Whether there is a connection now. While the way is made anew, a call that has not left waits for it."""
        address = leads(PATIENCE, None)
        if self._stands and self._address == address:
            return True
        self.close()
        while address is not None:
            with contextlib.suppress(OSError):
                self._connect(address)
                return True
            address = leads(PATIENCE, address)
        return False

    @property
    def _stands(self) -> bool:
        """Whether the connection is open: with its last answer an Envoy that is about to leave closes it."""
        return self._connection is not None and self._connection.sock is not None

    def _connect(self, address: Address) -> None:
        connection = http.client.HTTPConnection(address.host, address.port, timeout=CONNECT)
        connection.connect()
        connection.sock.settimeout(None)  # a stream may say nothing for as long as it likes
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection, self._address = connection, address


def pieces(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    """The body as it comes. Raises BrokenPipeError when it ends before its end."""
    try:
        while content := answer.read1(CHUNK):
            yield content
        if answer.length:
            raise BrokenPipeError
    except (OSError, http.client.HTTPException) as error:
        raise BrokenPipeError from error
    finally:
        with contextlib.suppress(OSError):
            answer.close()
