"""A trace as a page that needs nothing else, with its record as JSON."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from lbdemo.render.figures import printable
from lbdemo.render.html import document
from lbdemo.render.trace_parts import waterfall_section
from lbdemo.render.waterfall import title
from lbdemo.traces.record import trace_record

if TYPE_CHECKING:
    from lbdemo.traces import Trace

RECORD_ID = "lbdemo-trace"


def trace_page(trace: Trace) -> str:
    """One trace as a page; the JSON in it is `traces.record.trace_record`."""
    told = f'<header><h1>{escape(title(trace))}</h1><p class="quiet">trace {escape(printable(trace.id))}</p></header>'
    return document(f"lbdemo {title(trace)}", told + waterfall_section(trace), RECORD_ID, trace_record(trace))
