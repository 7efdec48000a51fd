"""Runs programs: the only place of the cluster side that does, and the only one that knows `sh`."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from io import BytesIO
from typing import Any

import sh

from lbdemo.errors import InputError, MissingProgramError, ProgramFailedError
from lbdemo.tools.environment import for_programs
from lbdemo.tools.leash import leash

CHUNK = 256 * 1024  # bytes a read of a stream takes at most: large reads keep the cost of a log line low
GRACE = 5.0  # seconds between asking a child to end and insisting
# One thread starts all programs, and lives as long as we do: a child on a leash ends with the thread that made it.
STARTER = ThreadPoolExecutor(1, thread_name_prefix="starter")

Trace = Callable[[str], None]

HINTS = {
    "kubectl": "install kubectl: https://kubernetes.io/docs/tasks/tools/",
    "helm": "install Helm 3.13 or newer: https://helm.sh/docs/intro/install/",
    "kind": "install kind: https://kind.sigs.k8s.io/, or push through a registry with --registry",
    "minikube": "install minikube: https://minikube.sigs.k8s.io/, or push through a registry with --registry",
    "k3d": "install k3d: https://k3d.io/, or push through a registry with --registry",
}


class Child:
    """A program that stays until it is ended."""

    def __init__(self, process: Any, end: Callable[[], None]) -> None:
        self._process = process
        self._end = end

    @property
    def code(self) -> int | None:
        """Its exit code, negative when a signal ended it; None while it runs."""
        if self._process.is_alive():
            return None
        try:
            return int(self._process.exit_code)
        except sh.ErrorReturnCode as failed:
            return int(failed.exit_code)

    def end(self) -> None:
        """Ends it, and waits until it has."""
        self._end()


class Runner:
    """Runs argv lists; never a shell string. Safe to use from several threads at once.

    `trace` is called with each program call as a line to paste (the `-v` option).
    """

    def __init__(self, trace: Trace | None = None) -> None:
        self._trace = trace
        self._running: dict[int, Any] = {}
        self._lock = threading.Lock()
        self._cancelled = threading.Event()

    def require(self, program: str) -> None:
        """Raises MissingProgramError when there is no such program."""
        self._command([program])

    def run(self, argv: Sequence[str], *, stdin: str = "", timeout: float | None = None) -> str:
        """Runs a program to its end and returns its stdout.

        `timeout` is in seconds. Raises MissingProgramError, ProgramFailedError; a program that ran
        out of time counts as failed, with exit code 124 (as timeout(1) has it).
        """
        pieces: list[bytes] = []
        try:
            pieces.extend(self.chunks(argv, stdin=stdin, timeout=timeout))
        except ProgramFailedError as error:
            error.stdout = b"".join(pieces).decode("utf-8", "replace")
            raise
        return b"".join(pieces).decode("utf-8", "replace")

    def chunks(self, argv: Sequence[str], *, stdin: str = "", timeout: float | None = None) -> Iterator[bytes]:
        """The program's stdout as it comes, in large pieces; the child ends with the generator.

        `sh` gets a pipe's end and we read the other: its own reading takes its time with every line, and its
        `wait(timeout)` looks only ten times a second and may return before all was read. Raises as `run` does,
        after the last piece.
        """
        command = self._command(argv)
        self._say(argv, stdin)
        read, write = os.pipe()
        err = BytesIO()
        try:
            process = self._start(command, argv, stdin, _out=write, _err=err)
        finally:
            os.close(write)
        late = threading.Event()
        clock = self._alarm(process, timeout, late)
        try:
            while chunk := os.read(read, CHUNK):
                yield chunk
            self._wait(process, argv, err, timeout if late.is_set() else None)
        finally:
            clock.cancel()
            os.close(read)
            self._end(process)
            self._forget(process)

    def start(self, argv: Sequence[str], heard: Callable[[str], None]) -> Child:
        """Starts a program that stays; `heard` gets the lines of its stderr as they come. `cancel` ends it, too."""
        command = self._command(argv)
        self._say(argv, "")
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            process = self._start(command, argv, "", _out=nowhere, _err=lambda line: heard(line.rstrip("\n")))
        finally:
            os.close(nowhere)

        def end() -> None:
            self._end(process)
            self._forget(process)

        return Child(process, end)

    def stream(self, argv: Sequence[str], *, timeout: float | None = None) -> Iterator[str]:
        """The program's stdout line by line, without line ends; otherwise as `chunks`."""
        rest = b""
        for chunk in self.chunks(argv, timeout=timeout):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield line.decode("utf-8", "replace")
        if rest:
            yield rest.decode("utf-8", "replace")

    def rest(self, seconds: float) -> None:
        """Waits between two programs. Raises KeyboardInterrupt once all are cancelled: no rest holds that up."""
        if self._cancelled.wait(seconds):
            raise KeyboardInterrupt

    def cancel(self) -> None:
        """Ends every running program, and lets none start any more: the way out on Ctrl-C."""
        with self._lock:
            self._cancelled.set()
            running = list(self._running.values())
        for process in running:
            _send(process, signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        for process in running:
            while process.is_alive() and time.monotonic() < deadline:
                time.sleep(0.02)
            _send(process, signal.SIGKILL)

    def _command(self, argv: Sequence[str]) -> Any:
        try:
            return sh.Command(argv[0])
        except sh.CommandNotFound as missing:
            raise MissingProgramError(
                f"{argv[0]} is not on the PATH", HINTS.get(argv[0], f"install {argv[0]}")
            ) from missing

    def _say(self, argv: Sequence[str], stdin: str) -> None:
        if self._trace is not None:
            here = f" <<'EOF'\n{stdin.rstrip()}\nEOF" if stdin else ""
            self._trace(shlex.join(argv) + here)

    def _start(self, command: Any, argv: Sequence[str], stdin: str, **redirect: Any) -> Any:
        def start() -> Any:
            with self._lock:
                if self._cancelled.is_set():
                    raise KeyboardInterrupt
                process = command(
                    *argv[1:], _in=stdin or None, _bg=True, _bg_exc=False, _tty_out=False, _new_group=True,
                    _return_cmd=True, _no_out=True, _no_err=True, _env=for_programs(os.environ),
                    _preexec_fn=leash(), **redirect,
                )  # fmt: skip
                self._running[id(process)] = process
                return process

        starting = STARTER.submit(start)
        try:
            return starting.result()
        except KeyboardInterrupt:
            if not starting.cancel():
                wait([starting])  # who asked closes now what it gives to the child
            raise
        except (OSError, ValueError) as error:
            raise InputError(f"cannot start {argv[0]}: {error}") from error

    def _alarm(self, process: Any, timeout: float | None, late: threading.Event) -> threading.Timer:
        """Ends the process when its time is over, and says so by `late`."""

        def ring() -> None:
            late.set()
            self._end(process)

        clock = threading.Timer(timeout or 0, ring)
        clock.daemon = True
        if timeout is not None:
            clock.start()
        return clock

    def _wait(self, process: Any, argv: Sequence[str], err: BytesIO, late: float | None) -> None:
        try:
            process.wait()
        except sh.ErrorReturnCode as failed:
            if self._cancelled.is_set():
                raise KeyboardInterrupt from failed
            if late is not None:
                raise ProgramFailedError(argv, 124, f"{_text(err)}\nit was ended after {late:g} s") from failed
            raise ProgramFailedError(argv, failed.exit_code, _text(err)) from failed

    def _end(self, process: Any) -> None:
        if process.is_alive():
            _send(process, signal.SIGTERM)
            deadline = time.monotonic() + GRACE
            while process.is_alive() and time.monotonic() < deadline:
                time.sleep(0.005)
            _send(process, signal.SIGKILL)
        with contextlib.suppress(sh.ErrorReturnCode):
            process.wait()

    def _forget(self, process: Any) -> None:
        with self._lock:
            self._running.pop(id(process), None)


def _send(process: Any, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, OSError):
        if process.is_alive():
            process.signal_group(number)


def _text(stream: BytesIO) -> str:
    return stream.getvalue().decode("utf-8", "replace")
