"""LB312: a route was told to send calls to some of the pods, or to send most of them there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.causes.many_balancers import APART
from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl
from lbdemo.diagnose.istio_scope import destination_rule_for, holds, virtual_services_for
from lbdemo.diagnose.parts import UNEVEN, part_of
from lbdemo.diagnose.rerouting import by_pods, pods_of, to_all_pods
from lbdemo.words import count, listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.kube.records.istio import Destination, MeshRoute, VirtualService

CODE, NAME = "LB312", "route-sends-all-to-one"
PASTED = "weights are made as many as there are ready pods now: with a canary, say how much it shall get instead"
BY_HAND = "in proportion to the ready pods of each destination"


def cause(case: Case) -> Iterator[Finding]:
    """VirtualServices for this host that give pods unequal parts by weights, or that leave a subset's pods out."""
    spaces = sorted({c.pod.meta.namespace for c in case.through_sidecars if c.pod is not None})
    told = {one.meta.reference: (one, space) for space in spaces for one in virtual_services_for(case.evidence, space)}
    for one, space in told.values():
        weighted = [route for route in one.routes if _weighs(case, one, route, space)]
        if weighted or _leaves_out(case, one, space):
            fix = _by_pods(case, one, space) if weighted else _to_all(case, one)
            yield _finding(case, one, (weighted or one.routes)[0], space, fix)


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


def _weighs(case: Case, one: VirtualService, route: MeshRoute, space: str) -> bool:
    """Whether pods get unequal parts; where it is not known which pods a destination stands for, whether it does."""
    many = [pods_of(case, one, to, space) for to in route.destinations]
    parts = [to.weight / (pods if all(many) else 1) for to, pods in zip(route.destinations, many, strict=True)]
    return len(parts) > 1 and max(parts) > APART * min(parts)


def _finding(case: Case, one: VirtualService, route: MeshRoute, space: str, fix: Fix) -> Finding:
    parts = listing([_part(to, pods_of(case, one, to, space)) for to in route.destinations])
    alike = len(route.destinations) > 1 and len({to.weight for to in route.destinations}) == 1
    what = "equal parts of the calls to unequally many pods" if alike else "unequal parts of the calls"
    return Finding(
        CODE, NAME,
        sentence=f"A route was told to send {what}: that is what it does.",
        severity=Severity.NOTE,
        evidence=(Line(f"{one.meta.reference}: {parts}", "API"),),
        fixes=(fix,),
        explains=part_of(case, case.through_sidecars) if case.judged.outcome in UNEVEN else 0.0,
    )  # fmt: skip


def _part(to: Destination, pods: int) -> str:
    return f"{to.subset or to.host} {to.weight}" + (f" ({count(pods, 'pod')})" if pods else "")


def _by_pods(case: Case, one: VirtualService, space: str) -> Fix:
    title = "if that is not wanted any more, give weights by which each pod gets as much"
    commands, undo = by_pods(case, one, space) or ((), ())
    return Fix(title, commands, undo, PASTED if commands else f"{BY_HAND}: {_edit(one)}")


def _to_all(case: Case, one: VirtualService) -> Fix:
    title = "if that is not wanted any more, route to all pods, whatever their labels"
    commands, undo = to_all_pods(case, one) or ((), ())
    return Fix(title, commands, undo, "" if commands else _edit(one))


def _edit(one: VirtualService) -> str:
    return kubectl("-n", one.meta.namespace, "edit", "virtualservice", one.meta.name)
