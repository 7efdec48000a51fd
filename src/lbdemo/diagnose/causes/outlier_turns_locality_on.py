"""LB314: outlier detection switches on failover by zone: only the nearest pods are called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl
from lbdemo.diagnose.istio_scope import destination_rule_for
from lbdemo.diagnose.parts import UNEVEN, part_of, short

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB314", "outlier-turns-locality-on"
OFF = '{"spec":{"trafficPolicy":{"loadBalancer":{"localityLbSetting":{"enabled":false}}}}}'
UNDO = '{"spec":{"trafficPolicy":{"loadBalancer":{"localityLbSetting":null}}}}'


def cause(case: Case) -> Iterator[Finding]:
    """A caller's Envoy with hosts of several priorities, of which only the first are called."""
    for caller in case.through_sidecars:
        if _priorities(case, caller) and case.judged.outcome in UNEVEN:
            yield _finding(case, caller)
            return


def _priorities(case: Case, caller: Caller) -> bool:
    """Whether hosts of a lower priority (a higher number) are there, and get nothing."""
    looks = case.envoy_looks(caller.name)
    first = {host.address: host.calls_total for host in case.hosts(looks[0])} if looks else {}
    later = [host for host in case.last_hosts(caller) if host.priority > 0]
    return bool(later) and all(host.calls_total == first.get(host.address, 0) for host in later)


def _finding(case: Case, caller: Caller) -> Finding:
    namespace = caller.pod.meta.namespace if caller.pod else case.evidence.namespace
    rule = destination_rule_for(case.evidence, namespace)
    later = sorted(f"{host.address} ({host.zone or 'no zone'})" for host in case.last_hosts(caller) if host.priority)
    seen = [Line(f"for {short(caller.name)}, {', '.join(later)} come after the others", "callers' proxies")]
    fixes: tuple[Fix, ...] = (Fix("have pods in each zone of the callers"),)
    if rule is not None and rule.policy.outlier_detection:
        aside = ", and says nothing of localities" if rule.policy.locality is None else ", and localityLbSetting"
        seen.append(Line(f"{rule.meta.reference} has outlierDetection{aside}", "API"))
        patch = ("-n", rule.meta.namespace, "patch", "destinationrule", rule.meta.name, "--type", "merge", "-p")
        fixes = (Fix("switch failover by locality off", (kubectl(*patch, OFF),), (kubectl(*patch, UNDO),)), *fixes)
    return Finding(
        CODE, NAME,
        sentence="Only the pods nearest to the caller are called: outlier detection switches failover by zone on.",
        severity=Severity.NOTE if rule is not None and rule.policy.locality else Severity.PROBLEM,
        evidence=tuple(seen),
        fixes=fixes,
        explains=part_of(case, case.through_sidecars),
        possible=rule is None,
    )  # fmt: skip
