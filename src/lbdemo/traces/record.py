"""What a proof found, ready for JSON."""

from __future__ import annotations

from typing import Any

from lbdemo.traces.proof import Proof
from lbdemo.traces.role import role
from lbdemo.traces.trace import Trace


def record(proof: Proof) -> dict[str, Any]:
    """Of `calls` calls, how many traces are whole, what is wrong with others, and the slowest one, span by span."""
    slowest = max(proof.traces, key=lambda trace: trace.seconds, default=None)
    return {
        "calls": proof.calls,
        "traces": len(proof.traces),
        "whole": proof.whole,
        "path": [each.value for each in proof.path],
        "faults": [{"what": each.what, "traces": each.traces, "example": each.example} for each in proof.faults],
        "slowest": slowest and trace_record(slowest),
    }


def trace_record(trace: Trace) -> dict[str, Any]:
    """One trace; times are in seconds, `begin` from the begin of the first span, by the clock of who made the span."""
    return {
        "id": trace.id,
        "seconds": trace.seconds,
        "spans": [
            {
                "role": role(span).value,
                "name": span.name,
                "pod": span.pod,
                "depth": depth,
                "begin": (span.begin - trace.root.begin) / 1e9,
                "seconds": span.seconds,
                "own": own,
                "failed": span.failed,
            }
            for depth, span, own in trace.rows()
        ],
    }
