"""LB123: somebody restarts the callers by a schedule, which was once taken for a remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.kube.records.workloads import CronJob

CODE, NAME = "LB123", "restarted-by-schedule"


def cause(case: Case) -> Iterator[Finding]:
    """CronJobs that restart callers. Pods that are made anew draw new connections, each again for its whole life."""
    known = case.evidence.surroundings.cron_jobs
    callers = {(c.pod.meta.namespace, c.workload) for c in case.active if c.pod is not None and c.workload}
    for job in known if isinstance(known, tuple) else ():
        mine = [name for name in job.restarts if (job.meta.namespace, name) in callers]
        if mine and not job.suspended:
            yield _finding(job, mine)


def _finding(job: CronJob, restarted: list[str]) -> Finding:
    patch = ("-n", job.meta.namespace, "patch", "cronjob", job.meta.name, "-p")
    return Finding(
        CODE, NAME,
        sentence=f"{listing(restarted)} is restarted by a schedule: that draws connections anew, and as few.",
        severity=Severity.RISK,
        evidence=(Line(f"{job.meta.reference} ({job.schedule}) restarts {listing(restarted)}", "API"),),
        fixes=(Fix("mend what keeps calls on few connections, then stop restarting",
                   (kubectl(*patch, '{"spec":{"suspend":true}}'),), (kubectl(*patch, '{"spec":{"suspend":false}}'),),
                   "each restart costs the calls that are on their way, cold caches and handshakes, and after it one "
                   "pod has them all again"),),
        follows_from=("LB101", "LB103", "LB107", "LB108"),
    )  # fmt: skip
