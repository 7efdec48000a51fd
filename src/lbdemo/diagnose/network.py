"""The bytes that pods received, as a line beside a finding: bytes are no calls, and no verdict stands on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Line
from lbdemo.diagnose.parts import short
from lbdemo.words import listing, percent

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

ENOUGH = 100_000
"""Bytes at the pod with most of them: of less the rest (probes, settings, pings) may be the difference."""


def network(case: Case, times: float = 1.0) -> Iterator[Line]:
    """The parts of the bytes received, where they are known of each ready pod and one has `times` another's."""
    told = {one.pod: one for one in case.evidence.network}
    known = {server.name: told[server.name].received for server in case.ready if server.name in told}
    most, least = max(known.values(), default=0), min(known.values(), default=0)
    if len(known) < max(2, len(case.ready)) or most < max(ENOUGH, times * least):
        return
    total = sum(known.values())
    parts = listing([f"{short(name)} {percent(received / total)}" for name, received in known.items()])
    yield Line(f"bytes received: {parts}", next(iter(told.values())).source)
