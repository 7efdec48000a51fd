"""Who calls whom, on the terminal: a tree from the client to the pods, with each one's share of its caller's calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from lbdemo.render.bars import Bar
from lbdemo.render.figures import printable
from lbdemo.render.waterfall import DEEPEST, end_of
from lbdemo.words import duration, number, percent

if TYPE_CHECKING:
    from lbdemo.traces.graph import Graph, Node

MOST_ROWS = 200
HEADS = ("calls", "share", "p50", "failed")


def graph_table(graph: Graph) -> Table:
    """A row for each who is called, below its caller."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold", expand=True)
    table.add_column("who", no_wrap=True)
    table.add_column("pod", no_wrap=True)
    table.add_column("", ratio=1, min_width=8)
    for head in HEADS:
        table.add_column(head, justify="right", no_wrap=True)
    rows = list(graph.walk())
    for depth, node, edge in rows[:MOST_ROWS]:
        name = Text(" " * min(depth, DEEPEST) + node.role.value), Text(end_of(printable(node.pod)), "dim")
        if edge is None:
            table.add_row(*name)
            continue
        failed = Text(f"x {number(edge.failed)}", "red") if edge.failed else Text("-")
        table.add_row(*name, Bar(edge.share), number(edge.calls), percent(edge.share), duration(edge.p50), failed)
    if len(rows) > MOST_ROWS:
        table.add_row(f"and {number(len(rows) - MOST_ROWS)} more")
    return table


def named(node: Node) -> str:
    """What it is, and its pod."""
    return f"{node.role.value} {printable(node.pod)}".rstrip()
