"""What a port-forward leads to, in tests: a small HTTP server that answers as its function says."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Act = Callable[[http.server.BaseHTTPRequestHandler, bytes], None]


def echoed(handler: http.server.BaseHTTPRequestHandler, body: bytes) -> None:
    """Answers with what was asked."""
    handler.send_response(200)
    handler.send_header("content-type", handler.headers.get("content-type", "text/plain"))
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def upstream(act: Act = echoed) -> Iterator[int]:
    """The server's port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            act(self, self.rfile.read(int(self.headers["content-length"])))

        def do_GET(self) -> None:
            act(self, b"")

        def log_message(self, *_: object) -> None: ...

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: object) -> None: ...

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
