"""A load that several processes share: this one starts them, merges what they say, and makes no call itself.

gRPC must not be forked, and one Python process uses one core: so each part is a program of its own (`part.py`), which
gets its options as a line of JSON on stdin, says that it is ready, and begins when it is told when. The clock is that
of the machine, so the parts' due times are together the grid that one process would have. Part number i of N has the
connections and the sequence numbers i, i + N, i + 2 N, ... (these counted from the first call of the block; before it
stand those of part 0, which alone settles and has the gate). The end of stdin ends a part: none outlives this process.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from asyncio.subprocess import PIPE, Process
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from lbdemo.echo.until import LoadReport, report
from lbdemo.errors import InputError, OperationFailedError
from lbdemo.records.sample import decode
from lbdemo.records.sequence import MAX_PROCESSES
from lbdemo.records.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lbdemo.echo.options import LoadOptions
    from lbdemo.records.sample import Sample

BLOCK = 1 << 16
AHEAD = 0.05
"""Seconds between the word that all are ready and the first call that is due, for all to hear it."""

END_LIMIT = 10.0
"""Seconds that the parts get to end when they are stopped; their calls in flight take two of them."""


def shares(options: LoadOptions, processes: int) -> list[LoadOptions]:
    """The options of each part. Raises InputError when there is not enough to share."""
    if not 1 <= processes <= MAX_PROCESSES:
        raise InputError(f"--processes {processes} is not usable", f"it must be from 1 to {MAX_PROCESSES}")
    loops = options.concurrency or (0 if options.interval else 1)
    for number, what in ((options.count, "--count"), (loops, "--concurrency")):
        if 0 < number < processes:
            raise InputError(f"{what} {number} is too few for {processes} processes", "give at least one to each")
    return [
        replace(
            options,
            count=_share(options.count, index, processes),
            concurrency=_share(loops, index, processes),
            servers=0 if index else options.servers,
        )
        for index in range(processes)
    ]


def _share(number: int, index: int, of: int) -> int:
    return (number - index + of - 1) // of if number else 0


async def run_team(
    options: LoadOptions,
    processes: int,
    sink: Callable[[Sample], None],
    stop: asyncio.Event,
    flush: Callable[[], None],
) -> LoadReport:
    """As `run_load`, by so many processes; each has `options.connections` connections of its own.

    Raises InputError for options that cannot be shared, OperationFailedError when a part ends before its time.
    """
    parts = [await _start(share, index, processes) for index, share in enumerate(shares(options, processes))]
    merged = _Merged(processes, sink, flush)
    working = asyncio.create_task(_work(parts, merged))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            _hang_up(parts)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(working), END_LIMIT)
        if working.done():
            working.result()
    finally:
        stopping.cancel()
        heard_out = not working.cancel()
        _hang_up(parts)
        for part in parts:
            await _ended(part, END_LIMIT if heard_out else 0)
        await asyncio.gather(working, stopping, return_exceptions=True)
    if not stop.is_set() and any(part.returncode for part in parts):
        raise OperationFailedError("a process of the client ended before its time", "its own words stand above")
    return report(merged.tally, merged.abandoned, merged.reasons)


async def _start(options: LoadOptions, index: int, of: int) -> Process:
    """Ctrl-C in a terminal does not reach a part: this process tells it when to end."""
    part = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "lbdemo.echo.part", stdin=PIPE, stdout=PIPE, start_new_session=True
    )
    _tell(part, {"index": index, "of": of, "options": asdict(options)})
    return part


async def _work(parts: Sequence[Process], merged: _Merged) -> None:
    """Tells all when to begin, once all are ready, and hears them out."""
    reading = [asyncio.create_task(merged.read(part)) for part in parts]
    ready = asyncio.create_task(merged.all_ready(len(parts)))
    try:
        await asyncio.wait((ready, *reading), return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            go = {"start": time.monotonic() + AHEAD, "first": max(merged.ready)}
            for part in parts:
                _tell(part, go)
        for read in asyncio.as_completed(reading):
            if not await read:  # one has ended before its time
                _hang_up(parts)
    finally:
        for task in (ready, *reading):
            task.cancel()
        await asyncio.gather(ready, *reading, return_exceptions=True)


class _Merged:
    """What the parts say, line by line: calls for the sink, and a word at the beginning and at the end."""

    def __init__(self, processes: int, sink: Callable[[Sample], None], flush: Callable[[], None]) -> None:
        self.tally, self.abandoned = Tally(processes), 0
        self.reasons: list[dict[str, str]] = []
        self.ready: list[int] = []
        self._news = asyncio.Event()
        self._sink, self._flush = sink, flush

    async def all_ready(self, parts: int) -> None:
        """Returns when so many parts have said that they are ready."""
        while len(self.ready) < parts:
            self._news.clear()
            await self._news.wait()

    async def read(self, part: Process) -> bool:
        """Takes all that a part says, until its end; returns whether that was where it should be."""
        assert part.stdout
        rest, ended = b"", False
        while block := await part.stdout.read(BLOCK):
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                ended = self._take(line.decode())
            self._flush()
        return ended

    def _take(self, line: str) -> bool:
        """Whether it was a part's last word."""
        sample = decode(line)
        if sample is not None:
            self.tally.add(sample)
            self._sink(sample)
            return False
        said = json.loads(line)
        if "ready" in said:
            self.ready.append(said["ready"])
            self._news.set()
            return False
        self.abandoned += said["abandoned"]
        self.reasons.append(said["reasons"])
        return True


async def _ended(part: Process, patience: float) -> None:
    """Waits for its end, and brings it about after so many seconds.

    Not earlier: to kill a process that has just ended by itself is to take its exit code before asyncio has it.
    """
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(part.wait(), patience)
    if part.returncode is None:
        part.kill()
        await part.wait()


def _tell(part: Process, words: dict[str, Any]) -> None:
    assert part.stdin
    part.stdin.write(json.dumps(words, default=str).encode() + b"\n")


def _hang_up(parts: Sequence[Process]) -> None:
    for part in parts:
        assert part.stdin
        part.stdin.close()
