"""Child processes that end with this process, however it ends: also when it is killed without a word."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import IO

from lbdemo.errors import MissingProgramError, NotReadyError, ProgramFailedError

START_LIMIT = 30.0
"""Seconds that a program may take until it says where it listens."""

KEEPER = """
import os, signal, sys, time
sys.stdin.buffer.read()
time.sleep(0.05)
os.killpg(0, signal.SIGKILL)
"""
"""Waits for the end of this process (its standard input is a pipe that only we hold), then ends the whole group. The
moment in between lets a child that was just being started join the group."""


class Child:
    """A running program. `shown` is its command as an error tells it."""

    def __init__(self, process: subprocess.Popen[bytes], errors: IO[bytes], shown: Sequence[str]) -> None:
        self.process = process
        self._errors = errors
        self._shown = tuple(shown)

    def said(self, pattern: str, limit: float = START_LIMIT) -> re.Match[str]:
        """Waits until what the program writes to stdout matches; `limit` is in seconds.

        Raises ProgramFailedError when it ends before, NotReadyError when the time is up.
        """
        output, deadline = "", time.monotonic() + limit
        while not (match := re.search(pattern, output)):
            more = self._read(deadline - time.monotonic())
            if more is None:
                raise NotReadyError(f"{self._shown[0]} should say where it listens", f"it said {output!r}", "try again")
            if not more:
                self._failed()
            output += more.decode(errors="replace")
        return match

    def check(self) -> None:
        """Raises ProgramFailedError when the program has ended."""
        if self.process.poll() is not None:
            self._failed()

    def close(self) -> None:
        """Lets go of what belongs to a program that has ended."""
        self.process.wait()
        self._errors.close()
        if self.process.stdout:
            self.process.stdout.close()

    def _read(self, seconds: float) -> bytes | None:
        """What is written next, b'' at the end, None when nothing comes in time."""
        assert self.process.stdout
        ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, seconds))
        return os.read(self.process.stdout.fileno(), 4096) if ready else None

    def _failed(self) -> None:
        try:
            code = self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self._errors.seek(0)
        raise ProgramFailedError(self._shown, code, self._errors.read().decode(errors="replace"))


NOTHING: Mapping[str, str] = {}


class ProcessGroup:
    """Programs of one process group of its own, which ends as a whole.

    Ctrl-C in a terminal does not reach them: they end when `with` does. When this process dies, a small keeper in the
    group notices and ends it. Start all programs before the first gRPC channel is opened: gRPC's threads and new
    processes do not go well together.
    """

    def __init__(self) -> None:
        self._children: list[Child] = []

    def __enter__(self) -> ProcessGroup:
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", KEEPER],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._keeper.pid, signal.SIGKILL)
        for child in self._children:
            child.close()
        self._keeper.wait()
        if self._keeper.stdin:
            self._keeper.stdin.close()

    def start(self, argv: Sequence[str], shown: Sequence[str] = (), more: Mapping[str, str] = NOTHING) -> Child:
        """Starts a program, with `more` in its environment.

        `shown` is the command that an error tells, where `argv` itself is too long to read.
        """
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the child
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                process_group=self._keeper.pid,
                env=environment() | {**more},
            )
        except OSError as error:
            errors.close()
            raise MissingProgramError(f"cannot run {argv[0]}: {error.strerror}") from error
        child = Child(process, errors, shown or argv)
        self._children.append(child)
        return child

    def drop(self, child: Child) -> None:
        """Ends a program that nobody needs."""
        self._children.remove(child)
        child.process.kill()
        child.close()

    def check(self) -> None:
        """Raises ProgramFailedError when one of the programs has ended."""
        for child in self._children:
            child.check()


def environment() -> dict[str, str]:
    """Ours without the options for lbdemo in it: they are meant for the command that was typed."""
    return {key: value for key, value in os.environ.items() if not key.startswith("LBDEMO_")}


def python(*arguments: str) -> list[str]:
    """This Python; modules are not looked for in the current folder."""
    return [sys.executable, "-P", *arguments]
