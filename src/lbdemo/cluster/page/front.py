"""The process on this machine that stands before the page in the cluster: it serves the files, and passes calls on."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from lbdemo.cluster.page.api import PATH as API
from lbdemo.cluster.page.api import PageApi
from lbdemo.cluster.page.passing import LARGEST, Call, Leads, Line
from lbdemo.front.page import HEADERS, WAYS, headers

LOOPBACK = "127.0.0.1"
HERE = frozenset({LOOPBACK, "localhost"})


@dataclass(frozen=True, slots=True)
class Site:
    """What is served: the page's files by path, what the page is told now, the prefixes of calls.

    `leads` knows the address that leads to the cluster, where calls go; `api` what only this page has.
    """

    files: Mapping[str, Path]
    told: Callable[[], str]
    prefixes: Sequence[str]
    leads: Leads
    api: PageApi | None = None


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers one connection of a browser."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Front

    def setup(self) -> None:
        """With a line of its own to the cluster."""
        super().setup()
        self.line = Line()
        self.chunked = False

    def finish(self) -> None:
        """Ends that line, too."""
        self.line.close()
        super().finish()

    def do_GET(self) -> None:
        """The page's files."""
        site, path = self.server.site, self.path.partition("?")[0]
        if not self._from_here():
            return
        if path.startswith(f"{API}/") and site.api is not None and self.command == "GET":
            self._heard(lambda api: api.get(self, path))
        elif path == WAYS:
            self.answer(HTTPStatus.OK, headers(WAYS), site.told().encode())
        elif (file := site.files.get(path)) is not None:
            self.answer(HTTPStatus.OK, headers(file.name), file.read_bytes())
        else:
            self.refuse(HTTPStatus.NOT_FOUND, "there is nothing here")

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        """Calls."""
        length = self.headers.get("content-length", "")
        if not self._from_here() or not self._same_origin():
            return
        if not length.isdecimal() or int(length) > LARGEST:
            self.close_connection = True
            self.refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body of at most {LARGEST} bytes, and its length")
        else:
            self.post(self.rfile.read(int(length)))

    def post(self, body: bytes) -> None:
        """A call with this body, or a button."""
        path = self.path.partition("?")[0]
        if path.startswith(f"{API}/") and self.server.site.api is not None:
            self._heard(lambda api: api.post(self, path, body))
        elif not self.path.startswith(tuple(self.server.site.prefixes)):
            self.refuse(HTTPStatus.NOT_FOUND, "there is nothing here")
        else:
            self._passed_on(body)

    def begin(self, status: int, given: Mapping[str, str], *, length: int | None) -> None:
        """The head of an answer."""
        self.send_response_only(status)
        for key, value in given.items():
            self.send_header(key, value)
        self.chunked = length is None
        self.send_header(*(("transfer-encoding", "chunked") if length is None else ("content-length", str(length))))
        self.end_headers()

    def piece(self, content: bytes) -> None:
        """A piece of its body."""
        self.wfile.write(b"%x\r\n%b\r\n" % (len(content), content) if self.chunked else content)

    def end(self) -> None:
        """Its end."""
        if self.chunked:
            self.wfile.write(b"0\r\n\r\n")

    def answer(self, status: int, given: Mapping[str, str], content: bytes) -> None:
        """A whole answer."""
        self.begin(status, given, length=len(content))
        if self.command != "HEAD":
            self.piece(content)

    def refuse(self, status: int, why: str) -> None:
        """An answer that says no."""
        self.answer(status, {"content-type": "text/plain; charset=utf-8", **HEADERS}, f"{why}\n".encode())

    def log_message(self, *_: object) -> None:
        """Nothing: who looks on sees the page."""

    def _passed_on(self, body: bytes) -> None:
        try:
            self.line.pass_on(self.server.site.leads, Call(self.path, dict(self.headers), body), self)
        except OSError:  # either end has left
            self.close_connection = True

    def _heard(self, asked: Callable[[PageApi], None]) -> None:
        """Asks the API on behalf of the page: of this page alone, and of no other in the same browser."""
        api = self.server.site.api
        if api is None or not self._same_origin():
            return
        try:
            asked(api)
        except OSError:  # the page has left
            self.close_connection = True

    def _from_here(self) -> bool:
        """Whether the browser was told this machine's own name: another name that leads here is somebody's trick."""
        host = self.headers.get("host", "")
        if host.rpartition(":")[0] in HERE:
            return True
        self.close_connection = True
        self.refuse(HTTPStatus.MISDIRECTED_REQUEST, "this is served to this machine only, by its own name")
        return False

    def _same_origin(self) -> bool:
        """Whether what is asked to be done is asked by this page, and not by another one in the same browser."""
        origin, site = self.headers.get("origin"), self.headers.get("sec-fetch-site", "same-origin")
        if origin in (None, f"http://{self.headers.get('host')}") and site == "same-origin":
            return True
        self.close_connection = True
        self.refuse(HTTPStatus.FORBIDDEN, "only the page itself may ask for this")
        return False


class Front(http.server.ThreadingHTTPServer):
    """The server, on the loopback address, at a port (0: a free one)."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, site: Site, port: int, handler: type[Handler] = Handler) -> None:
        super().__init__((LOOPBACK, port), handler)
        self.site = site

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://{LOOPBACK}:{self.server_address[1]}/"

    def handle_error(self, *_: object) -> None:
        """A browser that leaves in the midst is nobody's fault."""


@contextlib.contextmanager
def serving(front: Front) -> Iterator[Front]:
    """Serves while the block lasts."""
    thread = threading.Thread(target=front.serve_forever, kwargs={"poll_interval": 0.1}, name="front", daemon=True)
    thread.start()
    try:
        yield front
    finally:
        front.shutdown()
        front.server_close()
