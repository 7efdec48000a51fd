"""A real Prometheus of this machine, which reads pages that a test writes: one a pod."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PROGRAM = shutil.which("prometheus")


class Pages(ThreadingHTTPServer):
    """One address that tells the figures of several pods, each under its own path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Page)
        self.texts: dict[str, str] = {}
        self.read: dict[str, int] = {}


class _Page(BaseHTTPRequestHandler):
    server: Pages

    def do_GET(self) -> None:
        name = self.path.strip("/")
        body = self.server.texts[name].encode()
        self.server.read[name] = self.server.read.get(name, 0) + 1
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keeps quiet."""


@contextlib.contextmanager
def pages(names: Mapping[str, str]) -> Iterator[Pages]:
    """Pages by pod."""
    server = Pages()
    server.texts.update(names)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def prometheus(
    folder: Path, read: Pages, labels: Mapping[str, Mapping[str, str]], interval: str = "250ms"
) -> Iterator[str]:
    """Runs it; `labels` are what it calls the pods by. Gives its URL."""
    assert PROGRAM is not None
    address = f"127.0.0.1:{read.server_address[1]}"
    jobs = [{"targets": [address], "labels": {**told, "__metrics_path__": f"/{pod}"}} for pod, told in labels.items()]
    config = {"global": {"scrape_interval": interval, "scrape_timeout": interval},
              "scrape_configs": [{"job_name": "pods", "static_configs": jobs}]}  # fmt: skip
    (folder / "prometheus.yml").write_text(json.dumps(config))
    port = _free_port()
    argv = [PROGRAM, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]  # fmt: skip
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _until(lambda: set(labels) <= set(read.read))  # it looks for whom to read every 5 s
            yield url
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not what():
        assert time.monotonic() < deadline, "Prometheus reads nothing"
        time.sleep(0.05)
