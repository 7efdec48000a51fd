"""Shares as bars on a terminal: while calls are made, and in the report."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rich.live import Live
from rich.table import Table
from rich.text import Text

from lbdemo.render.figures import printable
from lbdemo.words import number, percent

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.measure import Measurement

    from lbdemo.records import Sample

FRAMES_PER_SECOND = 4
"""Few, because drawing takes time from the client that is measured in the same process."""

MOST_BARS = 20
EIGHTHS = " ▏▎▍▌▋▊▉"


class Bar:
    """A share (0 to 1 of the full width) as a bar as wide as there is room; `fair` is marked where it lies."""

    def __init__(self, share: float, fair: float = 0.0, style: str = "cyan") -> None:
        self.share = min(1.0, max(0.0, share))
        self.fair = fair
        self.style = style

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        text = Text(self._blocks(width) if options.encoding.startswith("utf") else self._ascii(width), self.style)
        if 0 < self.fair < 1:
            self._mark(text, round(self.fair * width), "┆" if options.encoding.startswith("utf") else "|")
        text.no_wrap = True
        yield text

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        from rich.measure import Measurement

        return Measurement(8, options.max_width)

    def _blocks(self, width: int) -> str:
        full, rest = divmod(round(self.share * width * 8), 8)
        part = EIGHTHS[max(rest, 0)] if rest or not self.share or full else EIGHTHS[1]
        return (("█" * full) + part).ljust(width)[:width]

    def _ascii(self, width: int) -> str:
        return ("#" * max(round(self.share * width), int(self.share > 0))).ljust(width)

    @staticmethod
    def _mark(text: Text, position: int, mark: str) -> None:
        """Draws the fair share into empty room only: over a bar that reaches farther it would look like its end."""
        plain = text.plain
        if position < len(plain) and plain[position] == " ":
            text.plain = plain[:position] + mark + plain[position + 1 :]


def bar_rows(rows: Iterable[tuple[str, int, float, float, str]]) -> Table:
    """A line a server: (name, calls, share, fair share, further words)."""
    shown = list(rows)
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(overflow="fold", min_width=8, max_width=44)  # pods' names differ at their end
    table.add_column(ratio=1, min_width=8)
    table.add_column(justify="right", no_wrap=True, min_width=5)
    table.add_column(justify="right", no_wrap=True, min_width=6)
    table.add_column(no_wrap=True, style="dim")
    for name, calls, share, fair, words in shown[:MOST_BARS]:
        table.add_row(Text(printable(name)), Bar(share, fair), number(calls), percent(share), words)
    if len(shown) > MOST_BARS:
        table.add_row(f"and {len(shown) - MOST_BARS} more", "", number(sum(row[1] for row in shown[MOST_BARS:])), "")
    return table


class LiveBars:
    """Bars that grow while calls come in; gone from the screen when it is left.

        with LiveBars(console, "envoy", calls=2100) as bars:
            bars.add(sample)

    `add` is cheap and may be called from any one thread. Only calls of the block have bars; those of the gate are
    counted. `servers` are the names that are known beforehand (they are shown from the start), `calls` is the size
    of the block (0: unknown).
    """

    def __init__(self, console: Console, title: str, calls: int = 0, servers: Iterable[str] = ()) -> None:
        self._title = printable(title)
        self._calls = calls
        self._counts = dict.fromkeys(servers, 0)
        self._gate = 0
        self._failed = 0
        self._live = Live(
            get_renderable=self._picture, console=console, refresh_per_second=FRAMES_PER_SECOND, transient=True
        )

    def __enter__(self) -> LiveBars:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def add(self, sample: Sample) -> None:
        """Counts one call."""
        if sample.gate:
            self._gate += 1
            return
        if not sample.ok:
            self._failed += 1
        if sample.server:
            self._counts[sample.server] = self._counts.get(sample.server, 0) + 1

    def _picture(self) -> Table:
        counts = self._counts.copy()  # in one step: calls go on meanwhile
        total, fair = sum(counts.values()), 1 / max(1, len(counts))
        rows = ((name, calls, calls / total if total else 0.0, fair, "") for name, calls in sorted(counts.items()))
        picture = Table.grid(expand=True)
        picture.add_row(self._heading(total))
        picture.add_row(bar_rows(rows))
        return picture

    def _heading(self, total: int) -> Text:
        of = f" of {number(self._calls)}" if self._calls else ""
        words: list[Any] = [(f"{self._title}  ", "bold"), f"{number(total)}{of} calls"]
        if not total:
            words[1] = f"looking for all servers: {number(self._gate)} calls"
        if self._failed:
            words.append((f"  {number(self._failed)} failed", "red"))
        return Text.assemble(*words, no_wrap=True, overflow="ellipsis")
