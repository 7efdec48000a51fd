"""Echo servers for tests: in this process, or as the command in its own process, on free loopback ports."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lbdemo.echo.address import Address
from lbdemo.echo.server import EchoServer, ServerOptions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

LOOPBACK = Address("127.0.0.1", 0)
LBDEMO = [sys.executable, "-m", "lbdemo"]


@asynccontextmanager
async def running(name: str = "pod-a", **more: Any) -> AsyncIterator[EchoServer]:
    """A server in this process, which answers its owner, too; `more` are other ServerOptions."""
    server = EchoServer(ServerOptions(**{"listen": LOOPBACK, "name": name, "admin": LOOPBACK, **more}))
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@contextmanager
def process(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`lbdemo serve` and the address it says it listens on."""
    with lbdemo("serve", "--listen", "127.0.0.1:0", *options) as served:
        assert served.stdout
        yield served, served.stdout.readline().split()[2]


@contextmanager
def administered(*options: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """`lbdemo serve` with --admin, the address it listens on, and the one where it answers its owner."""
    with lbdemo("serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", *options) as served:
        assert served.stdout
        words = served.stdout.readline().split()
        yield served, words[2], words[-1]


def wait_for(there: Callable[[], object], what: str, timeout: float = 20) -> None:
    """Returns once `there()` is true; fails the test with what it waited for after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not there():
        assert time.monotonic() < deadline, f"waited {timeout:g} s for {what}"
        time.sleep(0.01)


def catches(process: subprocess.Popen[str], number: signal.Signals) -> bool:
    """Whether the process has a handler for the signal by now: before that, the signal would just kill it."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    [caught] = [line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:")]
    return bool(int(caught, 16) >> (number - 1) & 1)


@contextmanager
def lbdemo(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own, which ends with the test."""
    clean = {key: value for key, value in os.environ.items() if key not in {"POD_NAME", "HOSTNAME", "PYTHONUNBUFFERED"}}
    with subprocess.Popen(
        [*LBDEMO, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=clean | environment,
    ) as started:
        try:
            yield started
        finally:
            if started.poll() is None:
                started.kill()


def told(*arguments: str) -> tuple[int, str, str]:
    """The exit code, stdout and stderr of a command that need not be a process of its own: here it is quicker."""
    from lbdemo.cli.main import run

    out, err, argv = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["lbdemo", *arguments]
    try:
        with redirect_stdout(out), redirect_stderr(err):
            code = run()
    finally:
        sys.argv = argv
    return code, out.getvalue(), err.getvalue()
