"""What was traced of a result's calls, on the terminal: whether each was seen whole, and the slowest as a waterfall."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from lbdemo.render.figures import printable
from lbdemo.words import count, duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lbdemo.render.figures import Record

WIDTH = 30
"""Columns of the time axis."""

NAMES = 29
"""Columns of the names: with the axis, two figures and what is between them they make 78."""

EIGHTHS = " ▏▎▍▌▋▊▉"


def lines(traced: Record) -> Iterator[Text]:
    """Sentences on all traces of a result: what holds, and what does not."""
    way = " → ".join(traced["path"])
    whole = traced["whole"] == traced["calls"] and not traced["faults"]
    seen = f"{count(traced['calls'], 'call')}" if whole else f"{traced['whole']} of {count(traced['calls'], 'call')}"
    yield Text(f"traces: {seen} seen whole, {way}", "dim" if whole else "red")
    for fault in traced["faults"]:
        example = f", such as {fault['example']}" if fault["example"] else ""
        yield Text(f"{count(fault['traces'], 'trace')}: {printable(fault['what'])}{example}", "red")


def waterfall(trace: Record) -> Table:
    """One trace, a line a span: who, the bar on the time of the whole, how long, and how much of that was its own."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, show_header=True, header_style="dim")
    table.add_column("slowest call", no_wrap=True, overflow="ellipsis", max_width=NAMES)
    table.add_column("", no_wrap=True, width=WIDTH)
    table.add_column("took", justify="right", no_wrap=True)
    table.add_column("own", justify="right", no_wrap=True)
    for span in trace["spans"]:
        name = f"{'  ' * min(span['depth'], 8)}{span['role']}  {printable(span['pod'])}"
        failed = "red" if span["failed"] else ""
        bar = Text(placed(span["begin"], span["seconds"], trace["seconds"]), failed or "cyan")
        table.add_row(Text(name, failed), bar, duration(span["seconds"]), duration(span["own"]))
    return table


def placed(begin: float, seconds: float, whole: float) -> str:
    """A bar from `begin` on for so many seconds of the whole, never outside of it, and never nothing.

    A span that another machine's clock puts before the first one, or after its end, is drawn at the edge.
    """
    scale = WIDTH / max(whole, 1e-9)
    left = min(max(0, round(begin * scale)), WIDTH - 1)
    length = min(max(seconds * scale, 0.125), WIDTH - left)
    full, rest = divmod(round(length * 8), 8)
    return f"{' ' * left}{'█' * full}{EIGHTHS[rest] if rest else ''}".ljust(WIDTH)
