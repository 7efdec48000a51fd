"""A TCP proxy that chooses a server once a connection, at random, and knows nothing of requests: as kube-proxy does it.

Run as `python -m lbdemo.local.tcp_proxy HOST:PORT...`; it says where it listens, and relays until it is ended.
Standard library only, so that it starts fast.
"""

from __future__ import annotations

import contextlib
import random
import socket
import sys
import threading
from collections.abc import Callable, Sequence

Backend = tuple[str, int]

CONNECT_LIMIT = 5.0
CHUNK = 65536


def serve(listener: socket.socket, backends: Sequence[Backend], choose: Callable[[Sequence[Backend]], Backend]) -> None:
    """Relays each connection to the backend that `choose` picks for it, until the listener is closed."""
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=relay, args=(client, choose(backends)), daemon=True).start()


def relay(client: socket.socket, backend: Backend) -> None:
    """Passes bytes on in both directions until both have ended. An unreachable backend ends the connection."""
    with client:
        try:
            server = socket.create_connection(backend, CONNECT_LIMIT)
        except OSError:
            return
        with server:
            server.settimeout(None)
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            answers = threading.Thread(target=pump, args=(server, client), daemon=True)
            answers.start()
            pump(client, server)
            answers.join()


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Passes bytes on until the source has no more, and tells the sink so."""
    with contextlib.suppress(OSError):  # either end may leave at any time
        while data := source.recv(CHUNK):
            sink.sendall(data)
    for end, direction in ((sink, socket.SHUT_WR), (source, socket.SHUT_RD)):
        with contextlib.suppress(OSError):
            end.shutdown(direction)


def main() -> None:
    """Listens on a free loopback port, says which, and relays to the backends on the command line."""
    backends = [(host, int(port)) for host, _, port in (address.rpartition(":") for address in sys.argv[1:])]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sys.stdout.write(f"listening on 127.0.0.1:{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        serve(listener, backends, random.choice)


if __name__ == "__main__":
    main()
