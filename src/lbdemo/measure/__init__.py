"""Statistics of calls, in pure standard library: how many are needed, what they show, what was promised."""

from __future__ import annotations

from lbdemo.measure.block import Measurement
from lbdemo.measure.counts import Counts
from lbdemo.measure.histogram import Histogram
from lbdemo.measure.intervals import chi_square_tail, log10_chi_square_tail, simultaneous_z, wilson
from lbdemo.measure.judge import judge
from lbdemo.measure.order import Order
from lbdemo.measure.plan import gate_limit, plan_calls
from lbdemo.measure.reason import Reason
from lbdemo.measure.verdict import Expectation, Outcome, ShareInterval, Verdict

__all__ = [
    "Counts",
    "Expectation",
    "Histogram",
    "Measurement",
    "Order",
    "Outcome",
    "Reason",
    "ShareInterval",
    "Verdict",
    "chi_square_tail",
    "gate_limit",
    "judge",
    "log10_chi_square_tail",
    "plan_calls",
    "simultaneous_z",
    "wilson",
]
