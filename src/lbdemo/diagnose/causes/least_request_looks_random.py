"""LB319: least request compares two pods drawn at random: its totals are even on average only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.causes.locality_before_policy import zones_decide
from lbdemo.diagnose.causes.port_not_grpc import as_tcp
from lbdemo.diagnose.causes.route_sends_all_to_one import cause as by_weights
from lbdemo.diagnose.findings import Finding, Line, Severity
from lbdemo.diagnose.parts import pods
from lbdemo.diagnose.policies import balanced_by
from lbdemo.measure.verdict import Outcome

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB319", "least-request-looks-random"


def cause(case: Case) -> Iterator[Finding]:
    """Callers that all choose for each call by least request, whose totals are not proven to be even, while no pod is
    left out. Where zones are drawn before pods, or subsets by weights, that is not what makes the difference (LB315,
    LB312)."""
    told = [caller for caller in case.through_sidecars if case.chooses_by(caller, "LEAST_REQUEST")]
    callers = [caller for caller in told if not as_tcp(case, caller) and not zones_decide(case, caller)]
    judged = case.judged
    if (
        not callers
        or len(callers) < len(case.active)
        or judged.calls is None
        or next(by_weights(case), None) is not None
        or judged.outcome not in (Outcome.UNBALANCED, Outcome.INCONCLUSIVE)
    ):
        return
    shares = judged.calls.whole.verdict.shares
    if not shares or any(share.calls == 0 for share in shares):
        return
    yield Finding(
        CODE, NAME,
        sentence="Least request is at work: totals are even on average only, and slower pods get less.",
        severity=Severity.NOTE,
        evidence=(Line(f"{pods(c.name for c in callers)}: LEAST_REQUEST", "callers' proxies"),),
        fixes=(balanced_by(case, callers[0], "ROUND_ROBIN",
                           "nothing is wrong; where exact shares matter more than slow pods, take turns"),),
        explains=1.0 if judged.outcome is Outcome.UNBALANCED else 0.0,
    )  # fmt: skip
