"""What a command takes: seconds, and the memory of all its processes together at the highest."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

INTERVAL = 0.02  # seconds between two looks at the processes


@dataclass(frozen=True, slots=True)
class Footprint:
    """`memory` is in bytes, as PSS (proc(5)): a page that processes share counts once, not once for each of them.

    `first` is how many seconds the first output took; that of a command that says nothing is `seconds`.
    """

    seconds: float
    memory: int
    first: float = 0.0


def measure(argv: Sequence[str], environment: Mapping[str, str], fine: Sequence[int] = (0,)) -> Footprint:
    """Runs a command to its end, and looks at it and its children meanwhile. Raises unless its exit code is `fine`."""
    begun, highest = time.perf_counter(), 0
    said = Output()
    with subprocess.Popen(argv, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        reader = threading.Thread(target=said.read, args=(process.stdout,))
        reader.start()
        while process.poll() is None:
            highest = max(highest, sum(map(_resident, _family(process.pid))))
            time.sleep(INTERVAL)
        seconds = time.perf_counter() - begun
        reader.join()
    if process.returncode not in fine:
        raise RuntimeError(f"{' '.join(argv)}: exit {process.returncode}\n{said.text.decode()}")
    return Footprint(seconds, highest, (said.first or time.perf_counter()) - begun)


class Output:
    """What a program says, and when it began to (0: never)."""

    def __init__(self) -> None:
        self.text, self.first = b"", 0.0

    def read(self, pipe: IO[bytes] | None) -> None:
        while pipe is not None and (more := os.read(pipe.fileno(), 65_536)):
            self.first = self.first or time.perf_counter()
            self.text += more


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
