"""LB902: neither connections nor calls could be seen: what stays open, and what would settle it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.network import network

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB902", "cannot-see"
TOLD = 4  # of what could not be seen


def cause(case: Case) -> Iterator[Finding]:
    """Several ready pods, of which nobody could say who calls them."""
    missing = case.evidence.unseen
    if len(case.ready) < 2 or case.judged.known or case.sockets_seen or not missing:
        return
    hints = tuple(dict.fromkeys(unseen.hint for unseen in missing if unseen.hint))
    yield Finding(
        CODE, NAME,
        sentence="Neither connections nor calls could be seen: whether calls are spread stays open.",
        severity=Severity.NOTE,
        evidence=(
            *(Line(f"{unseen.what}: {unseen.detail}", "what could not be seen") for unseen in missing[:TOLD]),
            *network(case),
        ),
        fixes=tuple(Fix("let it be seen", advice=hint) for hint in hints[:TOLD]),
    )  # fmt: skip
