"""What a command takes: seconds, and the memory of all its processes together at the highest."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

INTERVAL = 0.02  # seconds between two looks at the processes


@dataclass(frozen=True, slots=True)
class Footprint:
    """`memory` is in bytes, as PSS (proc(5)): a page that processes share counts once, not once for each of them."""

    seconds: float
    memory: int


def measure(argv: Sequence[str], environment: Mapping[str, str]) -> Footprint:
    """Runs a command to its end, and looks at it and its children meanwhile. Raises when it fails."""
    begun, highest = time.perf_counter(), 0
    with subprocess.Popen(argv, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        while process.poll() is None:
            highest = max(highest, sum(map(_resident, _family(process.pid))))
            time.sleep(INTERVAL)
        seconds = time.perf_counter() - begun
        said = process.stdout.read().decode() if process.stdout else ""
    if process.returncode:
        raise RuntimeError(f"{' '.join(argv)}: exit {process.returncode}\n{said}")
    return Footprint(seconds, highest)


def _family(pid: int) -> Iterator[int]:
    yield pid
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in thread.read_text().split():
                yield from _family(int(child))


def _resident(pid: int) -> int:
    with contextlib.suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return 0
