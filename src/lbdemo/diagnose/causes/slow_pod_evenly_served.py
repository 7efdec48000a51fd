"""LB203: one pod answers slowly and gets as many calls as the others: calls wait there."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import applied, kubectl
from lbdemo.diagnose.istio_scope import destination_rule_for
from lbdemo.diagnose.parts import UNEVEN, short
from lbdemo.diagnose.streams import running
from lbdemo.words import figure

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB203", "slow-pod-evenly-served"
TIMES = 4  # as many calls wait at the slow pod as at a usual one
WAITING = 1.0  # calls at least, on average: fewer hold nobody up
LEAST = '{"spec":{"trafficPolicy":{"loadBalancer":{"simple":"LEAST_REQUEST"}}}}'


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
            _least_request(case, caller),
        ),
    )  # fmt: skip


def _least_request(case: Case, caller: Caller) -> Fix:
    namespace = caller.pod.meta.namespace if caller.pod else case.evidence.namespace
    rule = destination_rule_for(case.evidence, namespace)
    title = "let sidecars prefer pods with fewer calls in flight"
    if rule is not None:
        patch = ("-n", rule.meta.namespace, "patch", "destinationrule", rule.meta.name, "--type", "merge", "-p")
        return Fix(title, (kubectl(*patch, LEAST),), (kubectl(*patch, LEAST.replace("LEAST_REQUEST", "ROUND_ROBIN")),))
    where, name = case.evidence.namespace, case.evidence.name
    document = {
        "apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
        "metadata": {"name": name, "namespace": where},
        "spec": {"host": case.evidence.host, "trafficPolicy": {"loadBalancer": {"simple": "LEAST_REQUEST"}}},
    }  # fmt: skip
    return Fix(title, (applied(document),), (kubectl("-n", where, "delete", "destinationrule", name),))
