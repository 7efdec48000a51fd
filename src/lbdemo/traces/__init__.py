"""Requests as they were traced: spans, joined to traces, and what follows from them. Pure standard library."""

from lbdemo.traces.span import Kind, Span
from lbdemo.traces.trace import Trace, joined

__all__ = ["Kind", "Span", "Trace", "joined"]
