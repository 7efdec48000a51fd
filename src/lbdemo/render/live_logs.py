"""Logs on a terminal: the newest lines run by, below them stands how the calls spread, or how many lines there were."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.console import Group
from rich.segment import Segment, Segments
from rich.text import Text

from lbdemo.records import Summary, Tally, decode, is_ours
from lbdemo.render.bars import bar_rows
from lbdemo.render.figures import printable
from lbdemo.render.logs import BAR, PodColours, Sentences, readable, summary_line
from lbdemo.tools.log_stamps import unstamped
from lbdemo.words import count, duration, number

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

FRAME = 0.1  # seconds between two pictures
RATE_OVER = 5.0  # seconds that calls a second are taken from
MOST_LINES = 200  # what a picture can show on the tallest terminal: the rest is counted
ANSI = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


class Screen:
    """Lines that stay above a panel that is redrawn. Survives a change of the terminal's width.

    When a terminal becomes narrower it breaks the panel's lines: as many more rows are cleared.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._panel_rows = 0
        self._panel_width = 1

    def draw(self, lines: list[Text], panel: RenderableType) -> None:
        """Adds the lines, and replaces the panel; one write, so that nothing flickers."""
        width = self.width
        with self._console.capture() as capture:
            for line in lines:
                self._console.print(line, soft_wrap=True)
        above = capture.get()
        rows = self._console.render_lines(panel, self._console.options.update(width=width), pad=False)
        with self._console.capture() as capture:
            self._console.print(Segments(part for row in rows for part in (*row, Segment.line())))
        self._console.file.write(f"{self._back()}{above}{capture.get()}")
        self._console.file.flush()
        self._panel_rows, self._panel_width = len(rows), width

    def hide_cursor(self) -> None:
        """It would only jump about."""
        self._console.show_cursor(False)

    def close(self) -> None:
        """Leaves the last picture where it is."""
        self._console.show_cursor(True)
        self._console.file.flush()

    @property
    def width(self) -> int:
        """Cells of a line of the panel; the last column stays free, where terminals differ in how they break."""
        return max(1, self._console.size.width - 1)

    @property
    def height(self) -> int:
        """Rows of the terminal."""
        return self._console.size.height

    def _back(self) -> str:
        broken = -(-self._panel_width // (self.width + 1))
        rows = min(self._panel_rows * broken, self.height - 1)
        return (f"\r\033[{rows}A" if rows else "\r") + "\033[J"


class LiveLines:
    """Shows lines as they come, as far as a person can follow, and counts the others. The base: any pod's lines."""

    def __init__(self, console: Console, release: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._screen = Screen(console)
        self._console = console
        self._release = release
        self._clock = clock
        self._drawn = -FRAME
        self._colours = PodColours()
        self._pods: set[str] = set()
        self._new: deque[tuple[str, str]] = deque(maxlen=MOST_LINES)  # (pod, line)
        self._notes: list[str] = []
        self._new_count = 0
        self._count = 0
        self._screen.hide_cursor()

    def lines(self, pod: str, block: bytes) -> None:
        """Takes whole lines of a pod, each with its stamp and its line end."""
        self._pods.add(pod)
        lines = block.count(b"\n")
        self._count += lines
        self._new_count += lines
        self._take(pod, block)

    def note(self, text: str) -> None:
        """Shows a note above the next lines: it is never one of those that are only counted."""
        self._notes.append(text)

    def refresh(self) -> None:
        """Draws, when it is time for the next picture."""
        if self._clock() - self._drawn >= FRAME:
            self._draw()

    def close(self) -> None:
        """Draws what has not been shown yet, and leaves it on the screen."""
        try:
            self._draw()
        finally:
            self._screen.close()

    def summary(self) -> str:
        """What it all came to, in one line."""
        return f"{count(self._count, 'line')} from {count(len(self._pods), 'pod')}"

    def _take(self, pod: str, block: bytes) -> None:
        self._keep(pod, unstamped(_last(block)).decode("utf-8", "replace")[:-1].split("\n"))

    def _keep(self, pod: str, lines: list[str]) -> None:
        """The newest lines: only when it is time to draw is it worth while to make something of them."""
        self._new.extend((pod, line) for line in lines[-MOST_LINES:])

    def _shown(self, pod: str, line: str) -> Text:
        return Text.assemble((pod.removeprefix(f"{self._release}-"), self._style(pod)), f" {BAR} ", self._body(line))

    def _body(self, line: str) -> Text:
        return Text(readable(line))

    def _style(self, pod: str) -> str:
        code = self._colours[pod]
        return ANSI[code - 30] if code < 90 else f"bright_{ANSI[code - 90]}"

    def _draw(self) -> None:
        self._drawn = self._clock()
        panel = self._panel(max(1, self._screen.height - 4))
        room = max(3, self._screen.height // 2)
        shown = [self._shown(pod, line) for pod, line in list(self._new)[-room:]]
        left = self._new_count - len(shown)
        more = [Text(f"… {count(left, 'more line')}", "dim")] if left else []
        notes = [Text(printable(note), "dim") for note in self._notes]
        self._new.clear()
        self._notes.clear()
        self._new_count = 0
        self._screen.draw(notes + more + shown, panel)

    def _panel(self, rows: int) -> RenderableType:  # noqa: ARG002 - the other kind needs it
        return self._heading(f"{count(self._count, 'line')}")

    def _heading(self, *words: str | tuple[str, str]) -> Text:
        pods = count(len(self._pods), "pod")
        return Text.assemble((self._release, "bold"), f"  {pods}  ", *words, no_wrap=True, overflow="ellipsis")


class LiveSamples(LiveLines):
    """A client's log, and below it each server's share of the calls as a bar."""

    def __init__(self, console: Console, release: str, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(console, release, clock)
        self._tally = Tally()
        self._sentence = Sentences()
        self._readings: deque[tuple[float, Summary]] = deque()

    def summary(self) -> str:
        """The calls, and each server's share."""
        return summary_line(self._tally.summary())

    def _take(self, pod: str, block: bytes) -> None:
        lines = unstamped(block).decode("utf-8", "replace")[:-1].split("\n")
        for line in lines:
            sample = decode(line)
            if sample is None:
                if not is_ours(line):
                    self._tally.count_unknown()
            else:
                self._tally.add(sample)
        self._keep(pod, lines)

    def _body(self, line: str) -> Text:
        sample = decode(line)
        if sample is None:
            return super()._body(line)
        return Text(self._sentence(sample), "" if sample.ok else "red")

    def _panel(self, rows: int) -> RenderableType:
        summary = self._tally.summary()
        words: list[str | tuple[str, str]] = [count(summary.sent, "call")]
        if summary.failed:
            words.append((f"  {number(summary.failed)} failed", "red"))
        words.append(f"  {number(round(self._rate(summary)))}/s")
        if summary.latency:
            words.append(f"  p50 {duration(summary.latency.p50)}")
            words += [f"  p99 {duration(summary.latency.p99)}"] if summary.latency.p99 is not None else []
        fair = 1 / max(1, len(summary.servers))
        bars = [(server.server, server.calls, server.share, fair, "") for server in summary.servers]
        return Group(self._heading(*words), bar_rows(_fitting(bars, rows - 1)))

    def _rate(self, summary: Summary) -> float:
        """Calls a second by the calls' own times: a backlog that is read fast is no fast client."""
        now = self._clock()
        self._readings.append((now, summary))
        while len(self._readings) > 2 and self._readings[1][0] <= now - RATE_OVER:
            self._readings.popleft()
        before = self._readings[0][1]
        calls, seconds = summary.sent - before.sent, summary.seconds - before.seconds
        return calls / seconds if before.sent and seconds > 0 else summary.calls_per_second or 0.0


def _last(block: bytes) -> bytes:
    """The block's last lines, as many as can be shown."""
    return b"\n".join(block.rsplit(b"\n", MOST_LINES + 1)[-MOST_LINES - 1 :])


def _fitting(bars: list[tuple[str, int, float, float, str]], rows: int) -> list[tuple[str, int, float, float, str]]:
    """As many bars as there is room for; the last one stands for all others."""
    if len(bars) <= rows:
        return bars
    shown, others = bars[: max(0, rows - 1)], bars[max(0, rows - 1) :]
    calls, share = sum(bar[1] for bar in others), sum(bar[2] for bar in others)
    return [*shown, (f"({len(others)} more)", calls, min(1.0, share), 0.0, "")]
