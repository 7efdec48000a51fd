"""LB310: calls are routed to a subset whose labels only some of the pods have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl
from lbdemo.diagnose.istio_scope import destination_rule_for, holds, virtual_services_for, whole_name
from lbdemo.diagnose.parts import UNEVEN, part_of, pods

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.diagnose.servers import Server
    from lbdemo.kube.records.istio import DestinationRule, Subset

CODE, NAME = "LB310", "subset-misses-pods"


def cause(case: Case) -> Iterator[Finding]:
    """Routes of a VirtualService that send to subsets only, while ready pods are in no subset at all.

    Pods of a subset that no route sends to are left out on purpose, as with a weight of 0.
    """
    for caller in case.through_sidecars[:1]:
        namespace = caller.pod.meta.namespace if caller.pod else case.evidence.namespace
        rule = destination_rule_for(case.evidence, namespace)
        routed = list(_routed(case, namespace))
        if rule is None or not rule.subsets or not routed or not all(routed):
            continue
        missed = [s for s in case.ready if s.pod is not None and not any(holds(s, each) for each in rule.subsets)]
        if missed:
            yield _finding(case, caller, rule, list(rule.subsets), missed)


def _routed(case: Case, namespace: str) -> Iterator[str]:
    """The subsets of this service to which callers in the namespace are routed; "" stands for all of its pods."""
    for service in virtual_services_for(case.evidence, namespace):
        for to in (to for route in service.routes for to in route.destinations if to.weight):
            if whole_name(to.host, service.meta.namespace, case.evidence.domain) == case.evidence.host:
                yield to.subset


def _finding(case: Case, caller: Caller, rule: DestinationRule, subsets: list[Subset], missed: list[Server]) -> Finding:
    uneven = case.judged.outcome in UNEVEN
    told = "; ".join(f"{one.name}: {', '.join(f'{k}={v}' for k, v in one.labels.items())}" for one in subsets)
    return Finding(
        CODE, NAME,
        sentence=f"Calls go to subsets, and {pods(s.name for s in missed)} is in none of them.",
        severity=Severity.PROBLEM,
        evidence=(Line(f"{rule.meta.reference} has subsets {told}", "API"),
                  Line(f"the labels of {pods(s.name for s in missed)} fit none", "API")),
        fixes=(Fix("give the pods the labels that a subset wants, or the subset those that all pods have",
                   (kubectl("-n", rule.meta.namespace, "edit", "destinationrule", rule.meta.name),)),),
        explains=part_of(case, case.through_sidecars) if uneven else 0.0,
        possible=caller.pod is None,
    )  # fmt: skip
