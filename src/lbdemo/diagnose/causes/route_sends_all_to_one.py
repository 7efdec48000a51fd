"""LB312: a route was told to send calls to some of the pods, or to send most of them there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl
from lbdemo.diagnose.istio_scope import destination_rule_for, holds, virtual_services_for
from lbdemo.diagnose.parts import UNEVEN, part_of
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.kube.records.istio import MeshRoute, VirtualService

CODE, NAME = "LB312", "route-sends-all-to-one"


def cause(case: Case) -> Iterator[Finding]:
    """VirtualServices for this host with destinations of unequal weights, or that leave a subset's pods out."""
    spaces = sorted({c.pod.meta.namespace for c in case.through_sidecars if c.pod is not None})
    told = {one.meta.reference: (one, space) for space in spaces for one in virtual_services_for(case.evidence, space)}
    for one, space in told.values():
        weighted = [route for route in one.routes if _weighs(route)]
        if weighted or _leaves_out(case, one, space):
            yield _finding(case, one, (weighted or one.routes)[0])


def _leaves_out(case: Case, one: VirtualService, space: str) -> bool:
    """Whether all its routes send to subsets of this service, and pods of others of the same rule are ready."""
    rule = destination_rule_for(case.evidence, space)
    routed = {to.subset for route in one.routes for to in route.destinations if to.weight}
    if rule is None or not routed or "" in routed:
        return False
    chosen = [subset for subset in rule.subsets if subset.name in routed]
    others = [subset for subset in rule.subsets if subset.name not in routed]
    left = (server for server in case.ready if not any(holds(server, each) for each in chosen))
    return bool(chosen) and any(holds(server, each) for server in left for each in others)


def _weighs(route: MeshRoute) -> bool:
    return len(route.destinations) > 1 and len({to.weight for to in route.destinations}) > 1


def _finding(case: Case, one: VirtualService, route: MeshRoute) -> Finding:
    parts = listing([f"{to.subset or to.host} {to.weight}" for to in route.destinations])
    return Finding(
        CODE, NAME,
        sentence="A route was told to send unequal parts of the calls: that is what it does.",
        severity=Severity.NOTE,
        evidence=(Line(f"{one.meta.reference}: {parts}", "API"),),
        fixes=(Fix("if that is not wanted any more, give equal weights",
                   (kubectl("-n", one.meta.namespace, "edit", "virtualservice", one.meta.name),)),),
        explains=part_of(case, case.through_sidecars) if case.judged.outcome in UNEVEN else 0.0,
    )  # fmt: skip
