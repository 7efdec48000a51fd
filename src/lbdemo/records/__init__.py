"""What a measurement leaves: samples, tally, summary, recordings, the report."""

from __future__ import annotations

from lbdemo.records.costs import Costs
from lbdemo.records.drills import Drilled
from lbdemo.records.quantiles import Quantiles
from lbdemo.records.recording import is_ours
from lbdemo.records.report import Report, Result, Witness, failures_explain, unheard
from lbdemo.records.sample import Sample, decode, encode
from lbdemo.records.summary import ServerCalls, Summary
from lbdemo.records.tally import Tally

__all__ = [
    "Costs",
    "Drilled",
    "Quantiles",
    "Report",
    "Result",
    "Sample",
    "ServerCalls",
    "Summary",
    "Tally",
    "Witness",
    "decode",
    "encode",
    "failures_explain",
    "is_ours",
    "unheard",
]
