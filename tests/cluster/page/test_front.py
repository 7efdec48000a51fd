"""The process before the page in the cluster: files, calls as they come, and who may ask."""

from __future__ import annotations

import http.client
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from upstream import echoed, upstream

from lbdemo.cluster.page import passing
from lbdemo.cluster.page.front import Front, Site, serving
from lbdemo.cluster.page.passing import Address, Leads
from lbdemo.front.page import POLICY

CALL = "/call/message.Echo/EchoMessage"
LIMIT = 10


def here(port: int) -> Address:
    return Address("127.0.0.1", port)


def leads_to(port: int | None, name: str = "") -> Leads:
    """A way that is never made anew."""
    address = None if port is None else Address("127.0.0.1", port, name)
    return lambda _, not_this: None if address == not_this else address


@contextmanager
def front(tmp_path: Path, leads: Leads) -> Iterator[str]:
    """HOST:PORT of a page."""
    (tmp_path / "index.html").write_text("<p>hello")
    site = Site({"/": tmp_path / "index.html"}, lambda: '{"v": 1}', ["/call/", "/connection/"], leads)
    with serving(Front(site, 0)) as found:
        yield found.url.removeprefix("http://").rstrip("/")


def ask(
    place: str, path: str, body: bytes | None = None, method: str = "", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    link = http.client.HTTPConnection(place, timeout=LIMIT)
    try:
        given = {key.replace("_", "-"): value for key, value in headers.items()}
        link.request(method or ("GET" if body is None else "POST"), path, body, given)
        answer = link.getresponse()
        return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()
    finally:
        link.close()


def test_the_pages_files_and_what_it_is_told(tmp_path: Path) -> None:
    with front(tmp_path, leads_to(None)) as host:
        index, told, missing = ask(host, "/?rate=5"), ask(host, "/ways.json"), ask(host, "/other")
        head = ask(host, "/", method="HEAD")

    assert (index[0], index[2]) == (200, b"<p>hello")
    assert index[1]["content-type"] == "text/html; charset=utf-8"
    assert {answer[1]["content-security-policy"] for answer in (index, told, missing)} == {POLICY}
    assert (told[0], told[2], told[1]["cache-control"]) == (200, b'{"v": 1}', "no-store")
    assert missing[0] == 404
    assert (head[0], head[1]["content-length"], head[2]) == (200, "8", b"")


def test_a_call_goes_through_unchanged_and_so_does_its_answer(tmp_path: Path) -> None:
    seen: dict[str, str] = {}

    def act(handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        seen.update({key.lower(): value for key, value in handler.headers.items()}, path=handler.path)
        echoed(handler, body)

    with upstream(act) as port, front(tmp_path, leads_to(port)) as host:
        status, headers, body = ask(
            host, CALL, b"\0\0\0\0\1x", content_type="application/grpc-web+proto", x_grpc_web="1", grpc_timeout="5S"
        )

    assert (status, headers["content-type"], body) == (200, "application/grpc-web+proto", b"\0\0\0\0\1x")
    assert (seen["path"], seen["x-grpc-web"], seen["grpc-timeout"]) == (CALL, "1", "5S")
    assert seen["host"] == f"127.0.0.1:{port}"


def test_a_stream_comes_piece_by_piece_and_its_end_is_an_end(tmp_path: Path) -> None:
    more = threading.Event()

    def act(handler: http.server.BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(200)
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"3\r\none\r\n")
        assert more.wait(LIMIT)
        handler.wfile.write(b"3\r\ntwo\r\n0\r\n\r\n")

    with upstream(act) as port, front(tmp_path, leads_to(port)) as host:
        link = http.client.HTTPConnection(host, timeout=LIMIT)
        link.request("POST", CALL, b"")
        answer = link.getresponse()
        first = answer.read1()
        more.set()
        rest = answer.read()
        link.close()

    assert (first, rest) == (b"one", b"two")


def test_a_stream_that_is_cut_off_is_cut_off_for_the_browser_too(tmp_path: Path) -> None:
    def act(handler: http.server.BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(200)
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"3\r\none\r\n")
        handler.close_connection = True

    with (
        upstream(act) as port,
        front(tmp_path, leads_to(port)) as host,
        pytest.raises((http.client.IncompleteRead, ConnectionResetError)),
    ):
        ask(host, CALL, b"")


def test_a_stream_that_the_browser_leaves_is_left(tmp_path: Path) -> None:
    left = threading.Event()

    def act(handler: http.server.BaseHTTPRequestHandler, _: bytes) -> None:
        handler.send_response(200)
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"3\r\none\r\n")
                threading.Event().wait(0.01)
        except OSError:
            left.set()

    with upstream(act) as port, front(tmp_path, leads_to(port)) as host:
        link = http.client.HTTPConnection(host, timeout=LIMIT)
        link.request("POST", CALL, b"")
        answer = link.getresponse()
        answer.read1()
        answer.close()
        link.close()

        assert left.wait(LIMIT)


def test_without_a_way_a_call_is_told_so_as_grpc_does(tmp_path: Path) -> None:
    with front(tmp_path, leads_to(None)) as host:
        status, headers, body = ask(host, CALL, b"")

    assert (status, headers["grpc-status"], body) == (503, "14", b"")
    assert headers["content-type"] == "application/grpc-web+proto"


def test_a_call_that_has_not_left_takes_the_way_that_is_made_anew(tmp_path: Path) -> None:
    with upstream() as dead:
        pass
    with upstream() as port, front(tmp_path, lambda _, last: here(port if last == here(dead) else dead)) as host:
        status, _, body = ask(host, CALL, b"hello")

    assert (status, body) == (200, b"hello")


def test_a_call_that_has_left_is_not_sent_twice(tmp_path: Path) -> None:
    asked: list[bytes] = []

    def act(handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        asked.append(body)
        handler.close_connection = True

    with upstream(act) as port, front(tmp_path, leads_to(port)) as host:
        status, headers, _ = ask(host, CALL, b"once")

    assert (status, headers["grpc-status"], asked) == (503, "14", [b"once"])


def test_behind_a_gateway_it_is_asked_for_as_the_host_that_the_gateway_knows(tmp_path: Path) -> None:
    seen = []

    def act(handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        seen.append(handler.headers.get_all("host"))
        echoed(handler, body)

    with upstream(act) as port, front(tmp_path, leads_to(port, "lbdemo.shop.invalid")) as host:
        answer = ask(host, CALL, b"")

    assert (answer[0], seen) == (200, [["lbdemo.shop.invalid"]])


def test_after_an_envoy_has_closed_the_connection_the_next_stream_may_be_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passing, "CONNECT", 0.2)

    def act(handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
        threading.Event().wait(0.5 if body == b"slow" else 0)
        handler.send_response(200)
        handler.send_header("content-length", "0")
        handler.send_header("connection", "close")
        handler.end_headers()

    with upstream(act) as port, front(tmp_path, leads_to(port)) as host:
        link = http.client.HTTPConnection(host, timeout=LIMIT)
        codes = []
        for body in (b"", b"slow"):
            link.request("POST", CALL, body)
            answer = link.getresponse()
            answer.read()
            codes.append(answer.status)
        link.close()

    assert codes == [200, 200]


@pytest.mark.parametrize("name", ["evil.example", "evil.example:80", "127.0.0.1.evil.example:80", ""])
def test_another_name_that_leads_here_is_refused(tmp_path: Path, name: str) -> None:
    with upstream() as port, front(tmp_path, leads_to(port)) as host:
        page, call = ask(host, "/", host=name), ask(host, CALL, b"", host=name)
        own = ask(host, "/", host=f"localhost:{host.rpartition(':')[2]}")

    assert (page[0], call[0], own[0]) == (421, 421, 200)


@pytest.mark.parametrize(
    "headers", [{"origin": "http://localhost:3000"}, {"origin": "null"}, {"sec_fetch_site": "same-site"}]
)
def test_another_page_in_the_same_browser_is_refused(tmp_path: Path, headers: dict[str, str]) -> None:
    with upstream() as port, front(tmp_path, leads_to(port)) as host:
        refused = ask(host, CALL, b"", **headers)
        own = ask(host, CALL, b"", origin=f"http://{host}", sec_fetch_site="same-origin")

    assert (refused[0], own[0]) == (403, 200)
    assert "access-control-allow-origin" not in refused[1]


def test_what_is_no_call_is_not_passed_on(tmp_path: Path) -> None:
    with upstream() as port, front(tmp_path, leads_to(port)) as host:
        elsewhere, large = ask(host, "/ready", b""), ask(host, CALL, b"", content_length=str(1 << 30))
        other = ask(host, CALL, method="DELETE")

    assert (elsewhere[0], large[0]) == (404, 413)
    assert other[0] == 501
