"""What was traced of a result's calls: whether each was seen whole, what hops cost, who calls whom, the slowest."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from lbdemo.render.figures import printable
from lbdemo.render.graph import graph_table
from lbdemo.render.trace_parts import graph_section, waterfall_section
from lbdemo.render.waterfall import hop_table, print_waterfall, slowest_line
from lbdemo.traces.hops import slowest as slowest_among
from lbdemo.traces.record import graph_of, hops_of, slowest_of
from lbdemo.words import count, number

if TYPE_CHECKING:
    from rich.console import Console

    from lbdemo.render.figures import Record

INDENT = 2


def print_traced(console: Console, traced: Record) -> None:
    """Prints all of it, two columns in."""
    for line in sentences(traced):
        console.print(Padding(Text(line, "dim" if traced["holds"] else "red"), (0, 0, 0, INDENT), expand=False))
    if not (slowest := slowest_of(traced)):
        return
    for table in (hop_table(hops_of(traced)), graph_table(graph_of(traced))):
        console.print(Padding(table, (0, 0, 0, INDENT)))
    print_waterfall(console, slowest, INDENT)
    if worst := slowest_among([slowest]):
        console.print(Padding(Text(slowest_line(worst)), (0, 0, 0, INDENT), expand=False))


def sentences(traced: Record) -> list[str]:
    """What holds of all traces, and what does not."""
    way, calls = " → ".join(traced["path"]), count(traced["calls"], "call")
    seen = calls if traced["holds"] else f"{number(traced['whole'])} of {calls}"
    return [f"traces: {seen} seen whole, {way}", *(_fault(each) for each in traced["faults"])]


def _fault(fault: Record) -> str:
    example = f", such as {fault['example']}" if fault["example"] else ""
    return f"{count(fault['traces'], 'trace')}: {printable(fault['what'])}{example}"


def traced_section(traced: Record) -> str:
    """The same as HTML; the hops' figures are in the record on the page."""
    said = "".join(f"<p>{escape(line)}</p>" for line in sentences(traced))
    slowest = slowest_of(traced)
    if slowest is None:
        return said
    return f"{said}{graph_section(graph_of(traced))}<p>The slowest call:</p>{waterfall_section(slowest)}"
