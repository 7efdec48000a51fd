"""LB310: calls are routed to a subset whose labels only some of the pods have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.istio_scope import destination_rule_for, holds, virtual_services_for, whole_name
from lbdemo.diagnose.parts import UNEVEN, part_of, pods
from lbdemo.diagnose.rerouting import to_all_pods

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.diagnose.servers import Server
    from lbdemo.kube.records.istio import DestinationRule

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
            yield _finding(case, caller, rule, missed, _to_all_pods(case, namespace, rule))


def _routed(case: Case, namespace: str) -> Iterator[str]:
    """The subsets of this service to which callers in the namespace are routed; "" stands for all of its pods."""
    for service in virtual_services_for(case.evidence, namespace):
        for to in (to for route in service.routes for to in route.destinations if to.weight):
            if whole_name(to.host, service.meta.namespace, case.evidence.domain) == case.evidence.host:
                yield to.subset


def _to_all_pods(case: Case, namespace: str, rule: DestinationRule) -> Fix:
    """Routes to the service as a whole; words only, where one of them chooses between several subsets."""
    found = [to_all_pods(case, one) for one in virtual_services_for(case.evidence, namespace)]
    whole = [pasted for pasted in found if pasted is not None] if None not in found else []
    labels = f"to keep subsets, give the pods labels that one wants, in their template: {_subsets(rule)}"
    return Fix(
        "route to all pods, whatever their labels",
        tuple(line for commands, _ in whole for line in commands), tuple(line for _, undo in whole for line in undo),
        labels if whole else f"or name a subset for the pods, and route to it, too; {labels}",
    )  # fmt: skip


def _subsets(rule: DestinationRule) -> str:
    return "; ".join(f"{one.name}: {', '.join(f'{k}={v}' for k, v in one.labels.items())}" for one in rule.subsets)


def _finding(case: Case, caller: Caller, rule: DestinationRule, missed: list[Server], fix: Fix) -> Finding:
    uneven = case.judged.outcome in UNEVEN
    return Finding(
        CODE, NAME,
        sentence=f"Calls go to subsets, and {pods(s.name for s in missed)} is in none of them.",
        severity=Severity.PROBLEM,
        evidence=(Line(f"{rule.meta.reference} has subsets {_subsets(rule)}", "API"),
                  Line(f"the labels of {pods(s.name for s in missed)} fit none", "API")),
        fixes=(fix,),
        explains=part_of(case, case.through_sidecars) if uneven else 0.0,
        possible=caller.pod is None,
    )  # fmt: skip
