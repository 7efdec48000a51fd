"""LB305: the caller has a sidecar, and what it sends goes past it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.parts import part_of, short
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB305", "not-intercepted"
PAST = ("traffic.sidecar.istio.io/excludeOutboundPorts", "traffic.sidecar.istio.io/excludeOutboundIPRanges",
        "traffic.sidecar.istio.io/includeOutboundIPRanges")  # fmt: skip


def cause(case: Case) -> Iterator[Finding]:
    """Callers whose connections their sidecars know nothing of, and that were told to leave some alone."""
    past = [caller for caller in case.through_sidecars if _past(case, caller)]
    told = [caller for caller in past if reasons(case, caller)]
    if told:
        yield _finding(case, told)


def _past(case: Case, caller: Caller) -> bool:
    known = any(host.connections_total for host in case.last_hosts(caller))
    return bool(case.envoy_looks(caller.name)) and not known and case.connections(caller) > 0


def reasons(case: Case, caller: Caller) -> list[str]:
    """What tells the caller's sidecar to leave this service's port or address alone."""
    if caller.pod is None:
        return []
    marks = caller.pod.meta.annotations
    ports = [port.strip() for port in marks.get(PAST[0], "").split(",")]
    found = [f"{PAST[0]}: {marks[PAST[0]]}"] if str(case.evidence.port.number) in ports else []
    found += [f"{name}: {marks[name]}" for name in PAST[1:] if marks.get(name, "*") not in ("", "*")]
    return found + (["hostNetwork: true"] if caller.pod.host_network else [])


def _finding(case: Case, told: list[Caller]) -> Finding:
    return Finding(
        CODE, NAME,
        sentence="The caller has a sidecar, and was told to send what goes to this service past it.",
        severity=Severity.PROBLEM,
        evidence=(
            *(Line(f"{short(c.name)} has {listing(reasons(case, c))}", "API") for c in told),
            *(Line(f"{short(c.name)} holds connections that its Envoy knows nothing of", "callers' proxies")
              for c in told),
        ),
        fixes=(Fix("take the exclusion off the pod's template, and make the pods anew"),),
        explains=part_of(case, told),
    )  # fmt: skip
