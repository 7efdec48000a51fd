"""Asks the clients of a gRPC server to leave before the server stops.

`grpc.aio.Server.stop(grace)` sends GOAWAY, but from the same moment on it cancels every call that it has not read yet;
under load some are always on their way, and are lost. gRPC can part without loss only when a connection grows too old
(`grpc.max_connection_age_ms`), which cannot be set at run time. So the two steps that come before `stop` are made here,
on the sockets themselves (they are ours: they lie in this process): the listening ones are shut, and each connection
gets one GOAWAY frame. Its last-stream-id is the highest there is, so it refuses nothing (RFC 9113, section 6.8): calls
on their way are answered, the client opens no further ones, and closes the connection when it has its answers.

A frame must not be written into the middle of another. So the caller holds all answers back meanwhile, and a frame is
sent only on a connection whose client has acknowledged all that was sent before; then gRPC has nothing left to write
to it but small frames that fit into one system call, which the kernel does not mix with another.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import socket
import struct
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Length 8, type 7, no flags, stream 0; last-stream-id 2^31 - 1, error code NO_ERROR.
GOAWAY = struct.pack("!I5xII", 8 << 8 | 7, 0x7FFFFFFF, 0)
OPEN_FILES = Path("/proc/self/fd") if Path("/proc/self/fd").is_dir() else Path("/dev/fd")
TICK = 0.01


def close_listeners(port: int) -> None:
    """New connections to `port` are refused from now on."""
    for listener in _sockets(port):
        if listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            with contextlib.suppress(OSError):  # only Linux can; elsewhere new connections are told to leave, too
                listener.shutdown(socket.SHUT_RD)


async def say_goaway(port: int, timeout: float) -> None:
    """Sends GOAWAY once on each connection to `port`, as soon as its client has read all; not after `timeout` seconds.

    Answers must be held back meanwhile. A client that does not read is left out.
    """
    deadline = time.monotonic() + timeout
    told: set[object] = set()
    await asyncio.sleep(2 * TICK)  # answers given just before are on their way to the sockets
    while _tell(port, told) and time.monotonic() < deadline:
        await asyncio.sleep(TICK)


def connections(port: int) -> int:
    """How many connections to `port` are open."""
    return sum(_peer(connection) is not None for connection in _sockets(port))


def _tell(port: int, told: set[object]) -> int:
    """Tells everyone who can be told now; returns how many are left."""
    waiting = 0
    for connection in _sockets(port):
        peer = _peer(connection)
        if peer is None or peer in told:
            continue
        if _unacknowledged(connection):
            waiting += 1
            continue
        told.add(peer)
        with contextlib.suppress(OSError):  # the client has just left
            connection.send(GOAWAY, socket.MSG_DONTWAIT)
    return waiting


def _sockets(port: int) -> Iterator[socket.socket]:
    """This process's TCP sockets whose own end is `port`: listening and connected ones, each as a duplicate."""
    for entry in OPEN_FILES.iterdir():
        duplicate = _duplicate(int(entry.name))
        if duplicate is None:
            continue
        with duplicate:
            if duplicate.family in (socket.AF_INET, socket.AF_INET6) and duplicate.getsockname()[1] == port:
                yield duplicate


def _duplicate(descriptor: int) -> socket.socket | None:
    try:
        copy = os.dup(descriptor)
    except OSError:  # closed since it was listed
        return None
    try:
        return socket.socket(fileno=copy)
    except OSError:  # no socket
        os.close(copy)
        return None


def _peer(connection: socket.socket) -> object:
    try:
        return connection.getpeername()
    except OSError:
        return None


def _unacknowledged(connection: socket.socket) -> int:
    """Bytes that were written to the socket and not acknowledged by the other end."""
    (count,) = struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)))
    return int(count)
