"""LB207: calls reach the pods, and the program there fails them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lbdemo.diagnose.causes.ejection_at_work import ejected
from lbdemo.diagnose.failures import Failing, failing_servers
from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import logs_of
from lbdemo.diagnose.parts import pods, short
from lbdemo.diagnose.refusals import MANY
from lbdemo.words import count, duration

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB207", "calls-fail"
PART = 0.1  # of a pod's calls: what Kiali, too, calls a failure by default, and not only degraded
MOST = 0.5
SHOWN = 3
MEANT = {
    "UNIMPLEMENTED": "the pod knows no such method: another version of the service, or another service on this port",
    "DEADLINE_EXCEEDED": "the pod answers later than the callers wait for it",
    "UNAVAILABLE": "the pod cannot serve now, or somebody that it calls cannot",
}


def cause(case: Case) -> Iterator[Finding]:
    """Pods that fail a tenth of their calls and more; those that callers have ejected for it are another cause."""
    out = ejected(case)
    bad = [one for one in failing_servers(case)
           if one.server not in out and one.failed >= MANY and one.failed >= PART * one.calls]  # fmt: skip
    if bad:
        yield _finding(case, sorted(bad, key=lambda one: (-one.failed, one.server)))


def _finding(case: Case, bad: Sequence[Failing]) -> Finding:
    whose = "all pods" if len(bad) == len(case.ready) > 1 else pods(one.server for one in bad)
    logs = logs_of(case, (one.server for one in bad[:SHOWN]))
    return Finding(
        CODE, NAME,
        sentence=f"Calls reach {whose} and fail there: that is not for balancing to mend.",
        severity=Severity.PROBLEM if any(one.failed >= MOST * one.calls for one in bad) else Severity.RISK,
        evidence=tuple(_line(one) for one in bad),
        fixes=(Fix("see what the pods say of it", logs, advice=_advice(bad)),),
        aside=True,
    )  # fmt: skip


def _line(one: Failing) -> Line:
    how = f" ({', '.join(one.codes)})" if one.codes else ""
    when = f" within {duration(one.seconds)}" if one.seconds else ""
    return Line(f"{short(one.server)} failed {one.failed} of {count(one.calls, 'call')}{how}{when}", one.source)


def _advice(bad: Sequence[Failing]) -> str:
    codes = dict.fromkeys(code for one in bad for code in one.codes if code in MEANT)
    return "; ".join(f"{code}: {MEANT[code]}" for code in codes)
