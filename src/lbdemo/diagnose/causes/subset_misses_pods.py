"""LB310: calls are routed to a subset whose labels only some of the pods have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl
from lbdemo.diagnose.istio_scope import destination_rule_for, virtual_services_for
from lbdemo.diagnose.parts import UNEVEN, part_of, pods

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.diagnose.servers import Server
    from lbdemo.kube.records.istio import DestinationRule, Subset

CODE, NAME = "LB310", "subset-misses-pods"


def cause(case: Case) -> Iterator[Finding]:
    """Routes of a VirtualService all of whose subsets together leave ready pods out.

    Pods of a subset that a route names with weight 0 are left out on purpose (LB312).
    """
    for caller in case.through_sidecars[:1]:
        namespace = caller.pod.meta.namespace if caller.pod else case.evidence.namespace
        rule = destination_rule_for(case.evidence, namespace)
        routed = [to.subset for service in virtual_services_for(case.evidence, namespace)
                  for route in service.routes for to in route.destinations]  # fmt: skip
        if rule is None or not routed or not all(routed):
            continue
        subsets = [subset for subset in rule.subsets if subset.name in routed]
        missed = [server for server in case.ready if not any(_has(server, subset) for subset in subsets)]
        if missed:
            yield _finding(case, caller, rule, subsets, missed)


def _has(server: Server, subset: Subset) -> bool:
    return server.pod is not None and subset.labels.items() <= server.pod.meta.labels.items()


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
