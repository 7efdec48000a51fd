"""A trace, and who calls whom, as parts of a page: bars in SVG."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from lbdemo.render.figures import printable
from lbdemo.render.graph import HEADS, MOST_ROWS, named
from lbdemo.render.svg import chart, rect
from lbdemo.render.tables import badge, table
from lbdemo.render.waterfall import DEEPEST, HEAVIEST, MOVED, SAYS
from lbdemo.render.waterfall import MOST_ROWS as MOST_SPANS
from lbdemo.traces.placed import Axis, Placed, placed
from lbdemo.words import duration, number, percent

if TYPE_CHECKING:
    from lbdemo.traces import Trace
    from lbdemo.traces.graph import Edge, Graph, Node

HEIGHT = 18
"""Of a bar, in pixels. Own time has all of it, time of those below half: a shape, not only a colour."""

LEGEND = (
    '<p class="legend"><span><i class="key bar"></i> own time</span> '
    '<span><i class="key band"></i> time of those below</span></p>'
)


def waterfall_section(trace: Trace) -> str:
    """The spans as rows with bars, and what the signs mean."""
    axis = placed(trace)
    rows = "".join(_row(axis, row) for row in axis.rows[:MOST_SPANS])
    more = len(axis.rows) - MOST_SPANS
    cut = f'<p class="quiet">and {number(more)} more</p>' if more > 0 else ""
    moved = f'<p class="quiet">{MOVED} {SAYS[MOVED]}</p>' if axis.moved else ""
    return f'<div class="waterfall">{rows}{cut}{LEGEND}{moved}</div>'


def graph_section(graph: Graph) -> str:
    """Who calls whom, a row for each who is called, below its caller."""
    rows = [_called(depth, node, edge) for depth, node, edge in graph.walk()]
    said = "Who calls whom: each one's share of its caller's calls"
    shown = table("calls", ("who", *HEADS), rows[:MOST_ROWS], said, {"calls", "p50"})
    cut = f'<p class="quiet">and {number(len(rows) - MOST_ROWS)} more</p>' if len(rows) > MOST_ROWS else ""
    return f"<div>{shown}{cut}</div>"


def _row(axis: Axis, row: Placed) -> str:
    pod = f'<br><span class="quiet">{escape(printable(row.span.pod))}</span>' if row.span.pod else ""
    failed = badge("failed", ok=False) if row.span.failed else ""
    sign = f" {MOVED}" if row.moved else ""
    own = f"own {duration(row.own)}"
    heaviest = f"<strong>{own}</strong> {escape(HEAVIEST)} {SAYS[HEAVIEST]}" if row is axis.heaviest else own
    return f"""<div class="row">
<div class="name level-{min(row.depth, DEEPEST)}">{escape(row.role.value)}{pod}</div>
{_bar(axis, row)}
<div class="values">{duration(row.span.seconds)}{sign}, {heaviest} {failed}</div>
</div>
"""


def _bar(axis: Axis, row: Placed) -> str:
    whole = axis.seconds or 1.0
    inside = rect("bar", row.begin / whole, row.end / whole, 0, HEIGHT)
    for below in axis.below(row):
        start, end = below.begin / whole, below.end / whole
        inside += rect("gap", start, end, 0, HEIGHT) + rect("band", start, end, HEIGHT / 4, HEIGHT / 2)
    said = f"{row.role.value}: from {duration(row.begin)} to {duration(row.end)}"
    return chart("share", HEIGHT, said, inside)


def _called(depth: int, node: Node, edge: Edge | None) -> tuple[str, ...]:
    who = "&#8195;" * min(depth, DEEPEST) + escape(named(node))
    if edge is None:
        return who, "", "", "", ""
    share = f'<meter min="0" max="1" value="{edge.share:.4f}">{percent(edge.share)}</meter> {percent(edge.share)}'
    failed = badge(f"{number(edge.failed)} failed", ok=False) if edge.failed else "0"
    return who, number(edge.calls), share, duration(edge.p50), failed
