"""gRPC-Web by hand, as it is on the wire: frames of one byte of flags, four of length, and the content."""

from __future__ import annotations

import http.client
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from lbdemo._proto.echo_pb2 import EchoRequest, EchoResponse, WatchRequest

TRAILERS = 0x80
TYPE = "application/grpc-web+proto"
LIMIT = 20.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `trailers` are those of the frame with that flag; `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    messages: tuple[EchoResponse, ...]
    trailers: Mapping[str, str]

    @property
    def code(self) -> int | None:
        """gRPC's status code, wherever it stands; None when the answer was cut off before it."""
        told = self.trailers.get("grpc-status", self.headers.get("grpc-status"))
        return None if told is None else int(told)


def echo(url: str, way: str, message: str = "hello", **more: str) -> Answer:
    """One EchoMessage call to the page's origin by one of its ways, such as /call."""
    with asked(url, f"{way}/message.Echo/EchoMessage", EchoRequest(message=message).SerializeToString(), more) as given:
        return answered(given)


@contextmanager
def watch(url: str, way: str, interval_ms: int) -> Iterator[http.client.HTTPResponse]:
    """A WatchEcho call that has begun."""
    request = WatchRequest(message="hello", interval_ms=interval_ms)
    with asked(url, f"{way}/message.Echo/WatchEcho", request.SerializeToString(), {}) as given:
        yield given


@contextmanager
def asked(url: str, path: str, message: bytes, more: Mapping[str, str]) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=LIMIT)
    headers = {"content-type": TYPE, "x-grpc-web": "1", **{key.replace("_", "-"): value for key, value in more.items()}}
    try:
        connection.request("POST", path, struct.pack(">BI", 0, len(message)) + message, headers)
        yield connection.getresponse()
    finally:
        connection.close()


def frames(given: http.client.HTTPResponse) -> Iterator[tuple[int, bytes]]:
    """The frames as they come; ends where the answer does, also in the midst of one."""
    while len(head := given.read(5)) == 5:
        flags, length = struct.unpack(">BI", head)
        yield flags, given.read(length)


def answered(given: http.client.HTTPResponse) -> Answer:
    """The whole of an answer."""
    headers = {key.lower(): value for key, value in given.getheaders()}
    found = list(frames(given)) if headers.get("content-type", "").startswith("application/grpc-web") else []
    messages = tuple(EchoResponse.FromString(content) for flags, content in found if not flags & TRAILERS)
    last = b"".join(content for flags, content in found if flags & TRAILERS).decode()
    trailers = dict(line.split(":", 1) for line in last.split("\r\n") if line)
    return Answer(given.status, headers, messages, {key.strip().lower(): v.strip() for key, v in trailers.items()})
