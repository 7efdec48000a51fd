"""Ends clients that run in this pod: when `kubectl exec` goes, what it started in the pod stays."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from lbdemo.errors import InputError


def end_clients(run: str, processes: Path = Path("/proc")) -> int:
    """Sends SIGTERM to every other process here that was started with `--run RUN`; returns how many there were.

    Raises InputError for an empty name, which would mean all of them.
    """
    if not run:
        raise InputError("which clients are to end?", "name them with --run ID")
    wanted = f"\0--run\0{run}\0".encode()
    found = [
        int(entry.name) for entry in processes.iterdir() if entry.name.isdigit() and wanted in _command_line(entry)
    ]
    others = [process for process in found if process != os.getpid()]
    for process in others:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process, signal.SIGTERM)
    return len(others)


def _command_line(entry: Path) -> bytes:
    with contextlib.suppress(OSError):  # it has ended meanwhile
        return (entry / "cmdline").read_bytes()
    return b""
