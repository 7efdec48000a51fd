"""A Prometheus at an address of its own: whatever answers there, or does not."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lbdemo.diagnose.collect import prometheus_asked
from lbdemo.diagnose.collect.prometheus_asked import ByUrl, result
from lbdemo.kube.answers import Unseen, Why

GOOD = json.dumps({"status": "success", "data": {"resultType": "vector", "result": [1]}}).encode()


class Web(ThreadingHTTPServer):
    """Answers every question alike, and remembers them."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.code, self.body, self.late = 200, GOOD, 0.0
        self.asked: list[tuple[str, str, str | None]] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class Answer(BaseHTTPRequestHandler):
    server: Web

    def do_GET(self) -> None:
        web = self.server
        web.asked.append((self.command, self.path, self.headers.get("Authorization")))
        time.sleep(web.late)
        self.send_response(web.code)
        self.send_header("Content-Length", str(len(web.body)))
        self.send_header("Location", f"http://{web.address}/elsewhere")
        with contextlib.suppress(ConnectionError):  # nobody may wait for it any more
            self.end_headers()
            self.wfile.write(web.body)

    def log_message(self, *_: object) -> None:
        """Keeps quiet."""


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server = Web()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def refused(url: str) -> Unseen:
    answer = result(ByUrl(url), "query", {"query": "up"})
    assert isinstance(answer, Unseen)
    return answer


def test_a_question_is_a_get_with_its_parameters_below_the_address(web: Web) -> None:
    answer = result(ByUrl(f"http://{web.address}/prom/"), "query", {"query": 'up{a="b"}'})

    assert answer == [1]
    assert web.asked == [("GET", "/prom/api/v1/query?query=up%7Ba%3D%22b%22%7D", None)]


def test_a_password_is_sent_and_never_shown(web: Web) -> None:
    one = ByUrl(f"http://me:s%40fe@{web.address}")

    assert result(one, "query", {}) == [1]
    assert web.asked[0][2] == f"Basic {base64.b64encode(b'me:s@fe').decode()}"
    assert one.where == f"http://{web.address}"
    web.code, web.body = 401, b"no"
    assert "s%40fe" not in str(refused(f"http://me:s%40fe@{web.address}"))


def test_nobody_is_sent_elsewhere_with_a_password(web: Web) -> None:
    web.code, web.body = 302, b""

    assert refused(f"http://me:safe@{web.address}").why is Why.DAMAGED
    assert len(web.asked) == 1


@pytest.mark.parametrize(
    ("code", "body", "why", "said"),
    [
        (401, b"who are you?", Why.REFUSED, "wants a user and a password"),
        (403, b"", Why.REFUSED, "HTTP 403"),
        (200, b"<html>Grafana</html>", Why.DAMAGED, "no Prometheus"),
        (200, b"[]", Why.DAMAGED, "no Prometheus"),
        (200, b'{"status":"success","data":[]}', Why.DAMAGED, "no Prometheus"),
        (404, b"404 page not found", Why.DAMAGED, "HTTP 404"),
        (422, b'{"status":"error","error":"too many\\nsamples"}', Why.REFUSED, "too many samples"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_said_to_be_none(web: Web, code: int, body: bytes, why: Why, said: str) -> None:
    web.code, web.body = code, body

    unseen = refused(f"http://{web.address}")

    assert (unseen.what, unseen.why) == (f"Prometheus at http://{web.address}", why)
    assert said in unseen.detail


def test_nobody_waits_for_long(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prometheus_asked, "TIMEOUT", 0.2)
    web.late = 0.6

    assert refused(f"http://{web.address}").detail == "no answer in 0.2 s"


def test_where_nobody_listens_that_is_said(web: Web) -> None:  # `web` for the environment without a proxy
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    unseen = refused(f"http://127.0.0.1:{port}")

    assert unseen.why is Why.UNREACHED
    assert "refused" in unseen.detail
    assert refused("http://127.0.0.1:99999").why is Why.UNREACHED
    assert refused("http://no-such-host.invalid").why is Why.UNREACHED
    assert web.asked == []
