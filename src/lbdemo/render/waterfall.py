"""A trace on the terminal: each span a bar on one axis of time; and what each hop of many costs, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lbdemo.render.bars import Bar
from lbdemo.render.figures import NONE, printable
from lbdemo.traces.placed import Axis, Placed, placed
from lbdemo.words import duration, number, percent

if TYPE_CHECKING:
    from rich.console import Console

    from lbdemo.traces import Trace
    from lbdemo.traces.hops import Hop, Slowest

DEEPEST = 6
"""Further levels are not indented any more: there must be room for the bars."""

HOP, POD, TIME = 21, 15, 8  # columns of the terminal
AROUND = HOP + POD + 2 * TIME + 7  # all but the bar: the blanks between, and the signs
MOST_ROWS = 200
NARROWEST = 8
SHAPES, ASCII = ("█", "░"), ("#", "-")
"""Time of a span's own, and time of those below it."""

FAILED, MOVED, HEAVIEST = "x", "~", "<"
SAYS = {
    FAILED: "failed",
    MOVED: "its clock has it elsewhere: it is drawn within its caller",
    HEAVIEST: "where most of the time went",
}


def print_waterfall(console: Console, trace: Trace, indent: int = 0) -> None:
    """Prints a trace as wide as the terminal, so many columns in."""
    ascii_only = not console.encoding.lower().startswith("utf")
    for text in waterfall_lines(trace, console.width - indent, ascii_only=ascii_only):
        line = Padding(text, (0, 0, 0, indent), expand=False)
        console.print(line, no_wrap=True, overflow="ellipsis", crop=True, highlight=False)


def waterfall_lines(trace: Trace, width: int, *, ascii_only: bool = False) -> list[Text]:
    """What was called, a row for each span, and what the signs in the rows mean."""
    axis, shapes = placed(trace), ASCII if ascii_only else SHAPES
    wide = max(NARROWEST, width - AROUND)
    rows = [_row(axis, row, wide, shapes) for row in axis.rows[:MOST_ROWS]]
    rows += [Text(f"and {more} more", "dim")] if (more := len(axis.rows) - MOST_ROWS) > 0 else []
    return [Text(title(trace), "bold"), _heads(axis, wide), *rows, *_key(axis, shapes)]


def title(trace: Trace) -> str:
    """Which call it was, how long it took, who answered."""
    call = f"call {number(trace.seq)}" if trace.seq >= 0 else printable(trace.root.name)
    server = f", answered by {printable(trace.server)}" if trace.server else ""
    return f"{call}: {duration(trace.seconds)}{server}"


def end_of(name: str, most: int = POD) -> str:
    """The name, cut at its begin: pods' names differ at their end."""
    return name if len(name) <= most else f"..{name[2 - most :]}"


def slowest_line(found: Slowest) -> str:
    """The slowest call, and where its time went, in one sentence."""
    row = placed(found.trace).heaviest
    where = f"{row.role.value}{f' ({printable(found.span.pod)})' if found.span.pod else ''}"
    part = f"{duration(found.own)} ({percent(found.share)})"
    return f"the slowest call took {duration(found.trace.seconds)}: {part} of it went to the {where}"


def hop_table(hops: Sequence[Hop]) -> Table:
    """What each hop costs: a row a role, with its part of all the time as a bar."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold", expand=True)
    table.add_column("hop", no_wrap=True)
    for head in ("calls", "p50", "p99", "longest"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("", ratio=1, min_width=NARROWEST)
    table.add_column("of the time", justify="right", no_wrap=True)
    for hop in hops:
        times = (duration(hop.p50), NONE if hop.p99 is None else duration(hop.p99), duration(hop.longest))
        table.add_row(hop.role.value, number(hop.calls), *times, Bar(hop.share), percent(hop.share))
    return table


def _heads(axis: Axis, wide: int) -> Text:
    end = duration(axis.seconds)
    scale = "0" + end.rjust(wide - 1)
    return Text(f"{'hop':{HOP}} {'pod':{POD}}   {scale[-wide:]} {'took':>{TIME}} {'own':>{TIME}}", "dim")


def _row(axis: Axis, row: Placed, wide: int, shapes: tuple[str, str]) -> Text:
    name = " " * min(row.depth, DEEPEST) + row.role.value
    sign = FAILED if row.span.failed else MOVED if row.moved else " "
    heaviest = row is axis.heaviest
    times = (duration(row.span.seconds), duration(row.own))
    return Text.assemble(
        f"{name[:HOP]:{HOP}} ",
        (f"{end_of(printable(row.span.pod)):{POD}}", "dim"),
        (f" {sign} ", "red" if row.span.failed else "yellow"),
        (_bar(axis, row, wide, shapes), "red" if row.span.failed else "cyan"),
        f" {times[0]:>{TIME}}",
        (f" {times[1]:>{TIME}}{HEAVIEST if heaviest else ''}", "bold" if heaviest else ""),
    )


def _bar(axis: Axis, row: Placed, wide: int, shapes: tuple[str, str]) -> str:
    """A cell at least, also for what took next to no time."""
    cells = [" "] * wide
    _fill(cells, axis, row, shapes[0])
    for below in axis.below(row):
        _fill(cells, axis, below, shapes[1])
    return "".join(cells)


def _fill(cells: list[str], axis: Axis, row: Placed, shape: str) -> None:
    scale = len(cells) / axis.seconds if axis.seconds else 0.0
    first = min(len(cells) - 1, round(row.begin * scale))
    last = min(len(cells), max(first + 1, round(row.end * scale)))
    cells[first:last] = shape * (last - first)


def _key(axis: Axis, shapes: tuple[str, str]) -> list[Text]:
    signs = {FAILED: any(row.span.failed for row in axis.rows), MOVED: axis.moved, HEAVIEST: True}
    said = [f"{sign} {SAYS[sign]}" for sign, there in signs.items() if there]
    return [Text(line, "dim") for line in (f"{shapes[0]} own time  {shapes[1]} time of those below", *said)]
