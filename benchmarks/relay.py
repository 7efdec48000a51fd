"""Counts the bytes between programs and an API server, by standing between them; TLS goes through as it is."""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

CHUNK = 256 * 1024


class Relay:
    """Passes connections on to an address, and counts what goes over them, both ways together."""

    def __init__(self, host: str, port: int) -> None:
        self._there = (host, port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.transferred = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._listening.accept()
                threading.Thread(target=self._pass_on, args=(here,), daemon=True).start()

    def _pass_on(self, here: socket.socket) -> None:
        there = socket.create_connection(self._there)
        with contextlib.suppress(OSError), here, there, selectors.DefaultSelector() as ready:
            ready.register(here, selectors.EVENT_READ, (here, there))
            ready.register(there, selectors.EVENT_READ, (there, here))
            while all(self._copy(*key.data) for key, _ in ready.select()):
                pass

    def _copy(self, source: socket.socket, target: socket.socket) -> int:
        """Passes on what has come; 0 at the end."""
        piece = source.recv(CHUNK)
        target.sendall(piece)
        with self._lock:
            self.transferred += len(piece)
        return len(piece)

    def close(self) -> None:
        """Takes no more connections."""
        self._listening.close()


@contextlib.contextmanager
def relayed(folder: Path) -> Iterator[tuple[Relay, Path]]:
    """A relay before the current context's API server, and a kubeconfig (in `folder`) that goes through it."""
    view = ["kubectl", "config", "view", "--minify", "--raw", "--flatten", "-o", "json"]
    document = json.loads(subprocess.run(view, capture_output=True, check=True).stdout)
    cluster = document["clusters"][0]["cluster"]
    server = urlsplit(cluster["server"])
    relay = Relay(server.hostname or "", server.port or 443)
    cluster.setdefault("tls-server-name", server.hostname)
    cluster["server"] = f"https://127.0.0.1:{relay.port}"
    path = folder / "kubeconfig"
    path.touch(mode=0o600)
    path.write_text(json.dumps(document))
    try:
        yield relay, path
    finally:
        relay.close()
