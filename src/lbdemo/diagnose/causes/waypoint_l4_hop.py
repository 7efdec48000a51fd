"""LB326: the waypoint's own pods get unequal parts: ztunnel chooses one of them once a connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.causes.gateway_l4_front import lines
from lbdemo.diagnose.findings import Finding, Fix, Severity
from lbdemo.diagnose.fronts import is_waypoint, loads

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB326", "waypoint-l4-hop"


def cause(case: Case) -> Iterator[Finding]:
    """Waypoints of several pods, of which some hold far more connections."""
    for load in loads(case):
        if load.uneven and is_waypoint(load.front):
            yield Finding(
                CODE, NAME,
                sentence=f"The {len(load.front.pods)} pods of the waypoint {load.front.workload} get unequal parts: "
                "ztunnel chooses one of them once a connection, whatever they then do for each call.",
                severity=Severity.RISK,
                evidence=lines(load),
                fixes=(
                    Fix("more connections of busy callers", advice="several channels of their own, or an age after "
                        "which connections end: more pods of the waypoint alone change nothing"),
                    Fix("sidecars for busy callers", advice="a caller's own sidecar chooses for each call, and there "
                        "is no hop before it"),
                ),
            )  # fmt: skip
