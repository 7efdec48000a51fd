"""A trace as a page that needs nothing else, with its record as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING

from lbdemo.render.figures import printable
from lbdemo.render.html import document
from lbdemo.render.tables import table
from lbdemo.render.trace_parts import graph_section, waterfall_section
from lbdemo.render.waterfall import title
from lbdemo.traces.graph import graph
from lbdemo.traces.record import trace_record
from lbdemo.words import count, duration, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lbdemo.traces import Trace

RECORD_ID = "lbdemo-trace"
LIST_ID = "lbdemo-traces"
HEADS = ("", "began (UTC)", "took", "spans", "answered by")


def trace_page(trace: Trace) -> str:
    """One trace as a page; the JSON in it is `traces.record.trace_record`."""
    told = f'<header><h1>{escape(title(trace))}</h1><p class="quiet">trace {escape(printable(trace.id))}</p></header>'
    return document(f"lbdemo {title(trace)}", told + waterfall_section(trace), RECORD_ID, trace_record(trace))


def trace_list(traces: Sequence[Trace]) -> str:
    """Traces as a page: who calls whom, and a row each with a link to its own; the JSON in it names them."""
    shown = table("cards", HEADS, [_row(trace) for trace in traces], "Traces", {"took", "spans"})
    drawn = f"{graph_section(graph(traces))}{shown}" if traces else ""
    told = f"<header><h1>{count(len(traces), 'trace')}</h1></header>{drawn}"
    return document("lbdemo traces", told, LIST_ID, [trace.id for trace in traces])


def _row(trace: Trace) -> tuple[str, ...]:
    began = datetime.fromtimestamp(trace.root.begin / 1e9, UTC).strftime("%H:%M:%S.%f")[:-3]
    return (
        f'<a href="/trace/{escape(printable(trace.id))}">{escape(title(trace).partition(":")[0])}</a>',
        began,
        duration(trace.seconds),
        number(len(trace.spans)),
        escape(printable(trace.server)),
    )
