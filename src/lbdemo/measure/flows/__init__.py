"""What looks at counters tell of callers and endpoints, where nobody could note each call.

`judge_flows(difference(looks), expectation)`: the statistics are those of `measure`, the calls are counted from afar.
Where only connections are known, `judge_connections(looks, expectation)`.
"""

from __future__ import annotations

from lbdemo.measure.flows.connections import ConnectionVerdict, judge_connections
from lbdemo.measure.flows.difference import difference
from lbdemo.measure.flows.flow import Cause, Dropped, Flow
from lbdemo.measure.flows.judge import judge_flows
from lbdemo.measure.flows.looks import Look, Reading
from lbdemo.measure.flows.verdict import FlowsVerdict, FlowVerdict

__all__ = [
    "Cause",
    "ConnectionVerdict",
    "Dropped",
    "Flow",
    "FlowVerdict",
    "FlowsVerdict",
    "Look",
    "Reading",
    "difference",
    "judge_connections",
    "judge_flows",
]
