"""LB204: an autoscaler looks at the mean of all pods, of which a few do all the work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import CannotTell, Finding, Fix, Line, Severity
from lbdemo.diagnose.parts import UNEVEN
from lbdemo.diagnose.workloads import workload_of
from lbdemo.kube.answers import Unseen

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB204", "autoscaler-blinded"
CAUSES = ("LB101", "LB103", "LB107", "LB113", "LB114", "LB301", "LB303", "LB304", "LB308", "LB310", "LB325", "LB501")


def cause(case: Case) -> Iterator[Finding | CannotTell]:
    """Calls are not spread, and a HorizontalPodAutoscaler scales the pods."""
    if case.judged.outcome not in UNEVEN:
        return
    scalers = case.evidence.surroundings.autoscalers
    if isinstance(scalers, Unseen):
        yield CannotTell(CODE, NAME, "the autoscalers of the namespace could not be seen", (scalers.what,))
        return
    owners = {workload_of(server.pod) for server in case.ready if server.pod is not None} - {""}
    for one in scalers:
        if f"{one.target_kind.lower()}/{one.target}" in owners:
            yield Finding(
                CODE, NAME,
                sentence="The autoscaler sees the mean of all pods: idle ones hide the busy one, new ones stay idle.",
                severity=Severity.RISK,
                evidence=(Line(f"HorizontalPodAutoscaler {one.meta.name} scales {one.target}: {one.current} pods now, "
                               f"{one.least} to {one.most} allowed", "API"),),
                fixes=(Fix("mend what it follows from: the autoscaler is not at fault"),),
                follows_from=CAUSES,
            )  # fmt: skip
