"""A server of pages in a thread of its own, and its end."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from lbdemo.echo.address import Address

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import HTTPServer
    from threading import Thread


@contextmanager
def serving(server: HTTPServer, thread: Thread, host: str) -> Iterator[Address]:
    """Yields where the server, which its thread runs, is found: with the real port. Both end with the `with`."""
    try:
        yield Address(host, server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
