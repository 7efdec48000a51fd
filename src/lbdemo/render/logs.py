"""Log lines as people and programs want them: raw, JSON, or readable; with the pod that wrote each.

Blocks of lines come as bytes and leave as bytes: at 20,000 lines a second there is no time for more.
"""

from __future__ import annotations

import json
import re
import time
from typing import BinaryIO, TextIO
from zlib import crc32

from lbdemo.records import Sample, Summary, Tally, decode, is_ours
from lbdemo.render.figures import printable
from lbdemo.tools.log_stamps import unstamped
from lbdemo.words import count, duration, listing, percent

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)  # of the terminal's own palette: red is kept for what failed
RED, DIM, END = "\033[31m", "\033[2m", "\033[0m"
BAR = "│"
STEERING = re.compile(  # escape sequences and control characters, which would steer the terminal
    rb"\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-_]?|[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]"
)


class PodColours:
    """A colour (its SGR code) for each pod: by its name, so that it has the same one the next time, too.

    When another pod has that colour already, the next free one.
    """

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def __getitem__(self, pod: str) -> int:
        if pod not in self._codes:
            first = crc32(pod.encode()) % len(COLOURS)
            ranked = COLOURS[first:] + COLOURS[:first]
            taken = list(self._codes.values())
            self._codes[pod] = min(ranked, key=taken.count)
        return self._codes[pod]


class LogLines:
    """Takes blocks of lines, writes them to `out` at each `refresh`, and sums up at the end. The base of all kinds.

    Notes go to `err` at once.
    """

    def __init__(self, out: BinaryIO, err: TextIO) -> None:
        self._out = out
        self._err = err
        self._waiting: list[bytes] = []
        self._pods: set[str] = set()
        self._count = 0

    def lines(self, pod: str, block: bytes) -> None:
        """Takes whole lines of a pod, each with its stamp and its line end."""
        self._pods.add(pod)
        self._count += block.count(b"\n")
        self._waiting.append(self._written(pod, block))

    def note(self, text: str) -> None:
        """Says something that is no line."""
        self._err.write(f"{printable(text)}\n")
        self._err.flush()

    def refresh(self) -> None:
        """Writes all that was taken. Raises BrokenPipeError when nobody reads any more."""
        if self._waiting:
            block = b"".join(self._waiting)
            self._waiting.clear()
            self._out.write(block)
            self._out.flush()

    def close(self) -> None:
        """Writes what is left."""
        self.refresh()

    def summary(self) -> str:
        """What it all came to, in one line."""
        return f"{count(self._count, 'line')} from {count(len(self._pods), 'pod')}"

    def _written(self, pod: str, block: bytes) -> bytes:
        raise NotImplementedError


class RawLines(LogLines):
    """The lines exactly as the pods wrote them."""

    def _written(self, pod: str, block: bytes) -> bytes:  # noqa: ARG002 - the others need it
        return unstamped(block)


class PlainLines(LogLines):
    """The pod's name before each line; safe for a terminal, and in colour, when told so."""

    def __init__(self, out: BinaryIO, err: TextIO, *, terminal: bool = False, colour: bool = False) -> None:
        super().__init__(out, err)
        self._terminal = terminal
        self._colours = PodColours() if colour else None
        self._prefixes: dict[str, bytes] = {}

    def _written(self, pod: str, block: bytes) -> bytes:
        return unstamped(STEERING.sub(b"", block) if self._terminal else block, self._prefix(pod))

    def _prefix(self, pod: str) -> bytes:
        if pod not in self._prefixes:
            name = f"\033[{self._colours[pod]}m{pod}{END}" if self._colours else pod
            self._prefixes[pod] = f"{name} {BAR} ".encode()
        return self._prefixes[pod]


class PlainSamples(PlainLines):
    """The same for a client's log: its samples as readable lines, counted."""

    def __init__(self, out: BinaryIO, err: TextIO, *, terminal: bool = False, colour: bool = False) -> None:
        super().__init__(out, err, terminal=terminal, colour=colour)
        self._tally = Tally()
        self._sentence = Sentences(colour=colour)

    def summary(self) -> str:
        """The calls, and each server's share."""
        return summary_line(self._tally.summary())

    def _written(self, pod: str, block: bytes) -> bytes:
        prefix, sentence, tally = self._prefix(pod).decode(), self._sentence, self._tally
        shown = []
        for line in unstamped(block).decode("utf-8", "replace")[:-1].split("\n"):
            sample = decode(line)
            if sample is None:
                if is_ours(line):
                    continue
                tally.count_unknown()
                shown.append(f"{prefix}{self._safe(line)}\n")
            else:
                tally.add(sample)
                shown.append(f"{prefix}{sentence(sample)}\n")
        return "".join(shown).encode("utf-8", "replace")

    def _safe(self, line: str) -> str:
        return readable(line) if self._terminal else line


class JsonLines(LogLines):
    """One JSON object a line: a client's sample with its pod, anything else with pod, time and text."""

    def __init__(self, out: BinaryIO, err: TextIO) -> None:
        super().__init__(out, err)
        self._ends: dict[str, str] = {}

    def _written(self, pod: str, block: bytes) -> bytes:
        end = self._ends.setdefault(pod, f',"pod":{json.dumps(pod)}}}\n')
        shown = []
        for line in block.decode("utf-8", "replace")[:-1].split("\n"):
            stamp, _, text = line.partition(" ")
            if text.startswith("{") and decode(text) is not None:
                shown.append(text.rstrip()[:-1] + end)
            else:
                shown.append(json.dumps({"pod": pod, "time": stamp, "text": text}, separators=(",", ":")) + "\n")
        return "".join(shown).encode()


class Sentences:
    """A sample for people: time of day, number, who answered, how long it took, what went wrong."""

    def __init__(self, *, colour: bool = False) -> None:
        self._red, self._end = (RED, END) if colour else ("", "")
        self._second = -1
        self._clock = ""

    def __call__(self, sample: Sample) -> str:
        """The sentence, without a line end."""
        second = int(sample.sent)
        if second != self._second:
            self._second, self._clock = second, clock(second)
        server = sample.server or ("(unnamed)" if sample.ok else "nobody")
        if not server.isprintable():
            server = printable(server)
        failed = "" if sample.ok else f"  {self._red}{printable(sample.code)}{self._end}"
        return f"{self._clock} {sample.seq:>7}  {server}  {duration(sample.latency)}{failed}"


def clock(seconds: float) -> str:
    """The time of day here; dashes for a time that no clock shows."""
    try:
        return time.strftime("%H:%M:%S", time.localtime(seconds))
    except (OverflowError, ValueError, OSError):
        return "--:--:--"


def readable(line: str) -> str:
    """A pod's line without what would steer the terminal."""
    return STEERING.sub(b"", line.encode("utf-8", "replace")).decode("utf-8", "replace")


def summary_line(summary: Summary) -> str:
    """A client's calls in one line: how many, how many failed, and each server's share."""
    shares = [f"{printable(server.server)} {percent(server.share)}" for server in summary.servers]
    parts = [f"{count(summary.sent, 'call')}, {failures(summary)}", *([listing(shares)] if shares else [])]
    if summary.unknown_lines:
        parts.append(count(summary.unknown_lines, "other line"))
    return "; ".join(parts)


def failures(summary: Summary) -> str:
    """How many calls failed, and with which codes."""
    codes = ", ".join(f"{printable(code)} {calls}" for code, calls in summary.errors)
    return f"{summary.failed:,} failed ({codes})" if codes else "none failed"
