"""What `lbdemo client` writes: a line a call, for people or for programs, and around them what was asked."""

from __future__ import annotations

import math
import os
import select
import sys
import time
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lbdemo.echo.options import LoadOptions
    from lbdemo.records import Sample
    from lbdemo.records.spans import Spans

GIVE_UP = 0.5  # seconds that lines may wait for their reader once the client is to end
TICK = 0.1  # seconds


class LineFormat(StrEnum):
    """How to write a call."""

    auto = "auto"
    json = "json"
    text = "text"


class Lines:
    """A line a call: `add` takes them, `write` hands them on, with one system call for as many as a pipe takes whole.

    Who reads the pipe sees a call when it ends. Who does not read holds the calls up, so that no line is lost; but for
    GIVE_UP seconds in all once `stopping`.
    """

    def __init__(self, wanted: LineFormat, stopping: Callable[[], bool]) -> None:
        from lbdemo.records.sample import encode

        self._descriptor = sys.stdout.fileno()
        os.set_blocking(self._descriptor, True)
        self.readable = wanted == LineFormat.text or (wanted == LineFormat.auto and sys.stdout.isatty())
        self._to_line = sentence if self.readable else encode
        self._patience = Patience(stopping)
        self._kept: list[str] = []

    def begin(self, options: LoadOptions, processes: int = 1) -> None:
        """For programs, first what was asked, and who should answer: the run can be judged by itself."""
        if not self.readable:
            self._kept.append(header(options, processes))
            self.write()

    def end(self) -> None:
        """For programs, last that this is the end."""
        from lbdemo.records.recording import unwitnessed

        if not self.readable:
            self._kept.append(unwitnessed())
            self.write()

    def tell(self, spans: Spans) -> None:
        """For programs, what became of the spans of the calls."""
        from lbdemo.records.spans import encode_spans

        if not self.readable:
            self._kept.append(encode_spans(spans))
            self.write()

    def add(self, sample: Sample) -> None:
        """Keeps a line until `write`."""
        self._kept.append(self._to_line(sample))

    def write(self) -> None:
        """Writes all that is kept."""
        kept, self._kept = self._kept, []
        lines = "".join(f"{line}\n" for line in kept).encode()
        while lines and (self._room(0) or self._patience.awaits(lambda: self._room(TICK))):
            lines = lines[os.write(self._descriptor, whole(lines)) :]

    def _room(self, seconds: float) -> bool:
        return bool(select.select((), (self._descriptor,), (), seconds)[1])


def whole(lines: bytes) -> bytes:
    """As much of it as a pipe takes at once or not at all, whole lines where there is one: others may write, too."""
    return lines[: (lines.rfind(b"\n", 0, select.PIPE_BUF) + 1) or select.PIPE_BUF]


class Patience:
    """Waits for as long as it takes, but for GIVE_UP seconds in all, over all times, once `stopping`."""

    def __init__(self, stopping: Callable[[], bool]) -> None:
        self._stopping = stopping
        self._deadline = math.inf

    def awaits(self, there: Callable[[], bool]) -> bool:
        """Whether it came."""
        while time.monotonic() < self._deadline:
            if there():
                return True
            if self._stopping():
                self._deadline = min(self._deadline, time.monotonic() + GIVE_UP)
        return False


def sentence(sample: Sample) -> str:
    """One call for people: time of day, number, who answered, how long it took, and what went wrong.

    Of a stream also how much was answered on it, and for how long.
    """
    from lbdemo.words import count, duration

    clock = time.strftime("%H:%M:%S", time.localtime(sample.sent))
    who = printable(sample.server) or ("(unnamed)" if sample.ok else "nobody")
    failure = "" if sample.ok else f"  {sample.code}"
    heard = "" if sample.answers is None else f"  {count(sample.answers, 'answer')} in {duration(sample.lasted)}"
    return f"{clock}  {sample.seq:>6}  {who}  {duration(sample.latency)}{heard}{failure}"


def printable(name: str) -> str:
    """A server's name without what would steer a terminal."""
    return "".join(character if character.isprintable() else "?" for character in name)


def header(options: LoadOptions, processes: int = 1) -> str:
    """The first line of a recording: what was asked of this client, and the servers that it expects."""
    from datetime import UTC, datetime

    from lbdemo.measure import Expectation
    from lbdemo.records.recording import begin

    noun = "streams" if options.stream else "calls"
    pace = f"{1 / options.interval:g} {noun}/s, {options.arrivals}" if options.interval else "closed loops"
    asked = {
        "target": options.target,
        "policy": options.policy,
        "rate": pace,
        "connections": str(options.connections),
        "deadline_s": f"{options.timeout:g}",
        "retry": "yes" if options.retry else "no",
        "tls": "yes" if options.tls else "no",
    }
    if options.stream:
        asked |= {"stream": options.stream, "every_s": f"{options.stream_every:g}"}
        asked |= {"length_s": f"{options.stream_length:g}"}
    expected = Expectation(servers=options.names, count=0 if options.names else options.servers)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    title = f"{noun} to {options.target}"
    return begin(options.run or "client", title, now, asked, expected, options.count, processes)
