"""LB201: pods came or go just now: what is seen is on its way to something else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Line, Severity
from lbdemo.diagnose.parts import pods
from lbdemo.diagnose.times import age

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB201", "changing-now"
YOUNG = 60.0
"""Seconds in which clients, proxies and DNS learn of a new pod: DNS is cached for up to 30 s, and asked every 30 s."""


def cause(case: Case) -> Iterator[Finding]:
    """Endpoints that leave, or that are younger than a minute beside older ones."""
    leaving = [server.name for server in case.servers if server.terminating]
    ages = {server.name: age(server.pod, case.evidence.made) for server in case.ready}
    young = [name for name, seconds in ages.items() if seconds is not None and seconds < YOUNG]
    if not leaving and (not young or len(young) == len(case.ready)):
        return
    seen = [Line(f"{pods(leaving)} {'is' if len(leaving) == 1 else 'are'} leaving", "API")] if leaving else []
    seen += [Line(f"{pods(young)} came less than a minute before", "API")] if young else []
    yield Finding(
        CODE, NAME,
        sentence="The pods are changing just now: look again in a minute.",
        severity=Severity.NOTE,
        evidence=tuple(seen),
    )  # fmt: skip
