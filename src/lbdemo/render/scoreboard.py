"""The scoreboard of `compare` on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from lbdemo.render.boards import Board, boards
from lbdemo.render.figures import printable

if TYPE_CHECKING:
    from rich.console import Console

    from lbdemo.render.figures import Record


def print_scoreboard(console: Console, report: Record) -> None:
    """What `compare` adds to the report: one table of costs, one of each drill."""
    for board in boards(report["results"]):
        console.print()
        console.print(table(board))
        for note in board.notes:
            console.print(Text(note, "dim"))


def table(board: Board) -> Table:
    """A row a strategy; what differs from its own promise is marked, with the promise."""
    shown = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    shown.add_column(printable(board.title), no_wrap=True)
    for heading in board.heads:
        shown.add_column(heading, justify="right")
    promised = any(row.kept is not None for row in board.rows)
    if promised:
        shown.add_column("as expected?")
    for row in board.rows:
        kept = (Text("yes", "green") if row.kept else Text(f"NO: {row.promise}", "bold red"),) if promised else ()
        shown.add_row(Text(printable(row.name)), *row.cells, *kept)
    return shown
