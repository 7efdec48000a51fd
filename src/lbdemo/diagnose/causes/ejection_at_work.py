"""LB316: the callers' sidecars have ejected pods whose calls failed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl
from lbdemo.diagnose.parts import UNEVEN, part_of, pods, short

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB316", "ejection-at-work"
EJECTED = "failed_outlier_check"


def ejected(case: Case) -> dict[str, set[str]]:
    """The pods that callers' Envoys hold back since calls to them failed, and those callers."""
    out: dict[str, set[str]] = {}
    for caller in case.through_sidecars:
        for host in (host for look in case.envoy_looks(caller.name) for host in case.hosts(look)):
            if EJECTED in host.unhealthy:
                out.setdefault(case.by_address.get(host.address, host.address), set()).add(caller.name)
    return out


def cause(case: Case) -> Iterator[Finding]:
    """Hosts that a caller's Envoy holds back since they failed."""
    out = ejected(case)
    if not out:
        return
    uneven = case.judged.outcome in UNEVEN
    yield Finding(
        CODE, NAME,
        sentence=f"Callers leave {pods(out)} out, since calls to it failed: outlier detection at work.",
        severity=Severity.PROBLEM,
        evidence=tuple(Line(f"{short(pod)} is ejected by {pods(by)}", "callers' proxies") for pod, by in out.items()),
        fixes=(Fix("mend the pod: see what it says",
                   tuple(kubectl("-n", case.evidence.namespace, "logs", short(pod), "--tail=100") for pod in out)),),
        explains=part_of(case, case.through_sidecars) if uneven else 0.0,
    )  # fmt: skip
