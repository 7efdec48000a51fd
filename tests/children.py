"""The processes that a command has started, as `ps` sees them."""

from __future__ import annotations

import subprocess
import time


def group_of(owner: int) -> int:
    """The process group of the children, once there are some."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for _, parent, group, _, _ in processes():
            if int(parent) == owner:
                return int(group)
        time.sleep(0.02)
    raise AssertionError("it started nothing")


def alive(group: int) -> list[str]:
    return [words for _, _, its, state, words in processes() if int(its) == group and not state.startswith("Z")]


def processes() -> list[list[str]]:
    listed = subprocess.run(
        ["ps", "-ww", "-A", "-o", "pid=,ppid=,pgid=,stat=,args="], capture_output=True, text=True, check=True
    )
    return [line.split(maxsplit=4) for line in listed.stdout.splitlines()]
