"""LB203: one pod answers slowly and gets as many calls as the others: calls wait there."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl
from lbdemo.diagnose.parts import UNEVEN, short
from lbdemo.diagnose.policies import balanced_by
from lbdemo.diagnose.streams import running
from lbdemo.words import figure

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB203", "slow-pod-evenly-served"
TIMES = 4  # as many calls wait at the slow pod as at a usual one
WAITING = 1.0  # calls at least, on average: fewer hold nobody up


def cause(case: Case) -> Iterator[Finding]:
    """Callers whose sidecars take turns, and see calls pile up at one pod."""
    for caller in case.through_sidecars:
        turns = case.chooses_by(caller, "ROUND_ROBIN") and case.judged.outcome not in UNEVEN
        slow = slow_pod(case, caller) if turns else None
        if slow is not None:
            yield _finding(case, caller, *slow)
            return


def slow_pod(case: Case, caller: Caller) -> tuple[str, float, float] | None:
    """The pod at which calls pile up, how many are there, and how many at a usual pod."""
    now = running(case, caller)
    if now is None or now.streams or len(now.means) < 2:
        return None
    name, most = max(now.means, key=lambda mean: mean[1])
    usual = median(mean for other, mean in now.means if other != name)
    return (name, most, usual) if most >= WAITING and most >= TIMES * usual else None


def _finding(case: Case, caller: Caller, slow: str, most: float, usual: float) -> Finding:
    return Finding(
        CODE, NAME,
        sentence=f"{short(slow)} is slower than the others and gets as many calls: round robin does not look.",
        severity=Severity.RISK,
        evidence=(Line(f"{short(caller.name)}: {figure(most)} calls wait at {short(slow)} on average, "
                       f"{figure(usual)} at a usual pod", "callers' proxies"),),
        fixes=(
            Fix("see why it is slow", (kubectl("-n", case.evidence.namespace, "describe", "pod", short(slow)),)),
            balanced_by(case, caller, "LEAST_REQUEST", "let sidecars prefer pods with fewer calls in flight"),
        ),
    )  # fmt: skip
