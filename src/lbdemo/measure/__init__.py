"""From one RPC to a verdict, in pure standard library: Sample, Tally, Summary, judge."""

from __future__ import annotations

from lbdemo.measure.block import Measurement
from lbdemo.measure.histogram import Histogram
from lbdemo.measure.intervals import chi_square_tail, log10_chi_square_tail, simultaneous_z, wilson
from lbdemo.measure.judge import judge
from lbdemo.measure.plan import gate_limit, plan_calls
from lbdemo.measure.report import Report, Result, Witness, failures_explain, unheard
from lbdemo.measure.sample import Sample, decode, encode
from lbdemo.measure.summary import Quantiles, ServerCalls, Summary
from lbdemo.measure.tally import Tally
from lbdemo.measure.verdict import Expectation, Outcome, ShareInterval, Verdict

__all__ = [
    "Expectation",
    "Histogram",
    "Measurement",
    "Outcome",
    "Quantiles",
    "Report",
    "Result",
    "Sample",
    "ServerCalls",
    "ShareInterval",
    "Summary",
    "Tally",
    "Verdict",
    "Witness",
    "chi_square_tail",
    "decode",
    "encode",
    "failures_explain",
    "gate_limit",
    "judge",
    "log10_chi_square_tail",
    "plan_calls",
    "simultaneous_z",
    "unheard",
    "wilson",
]
