"""What a VirtualService does with a service's pods, and other ways for its routes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.istio_scope import destination_rule_for, holds, whole_name
from lbdemo.diagnose.patches import exchanged

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.patches import Change
    from lbdemo.kube.records.istio import Destination, MeshRoute, VirtualService

Pasted = tuple[tuple[str, ...], tuple[str, ...]]
"""Commands, and those that undo them."""


def pods_of(case: Case, one: VirtualService, to: Destination, space: str) -> int:
    """How many ready pods the destination stands for, as callers in this namespace are told; 0 where nobody knows."""
    rule = destination_rule_for(case.evidence, space)
    subset = next((each for each in rule.subsets if each.name == to.subset), None) if rule is not None else None
    mine = _is_service(case, one, to)
    return sum(holds(server, subset) for server in case.ready) if mine and subset is not None else 0


def by_pods(case: Case, one: VirtualService, space: str) -> Pasted | None:
    """Weights by which each pod gets as much; None where it is not known which pods a destination stands for, or where
    others are ready that a route does not lead to."""
    changes: list[Change] = []
    for place, route in _places(one):
        if len(route.destinations) > 1:
            many = [pods_of(case, one, to, space) for to in route.destinations]
            if not all(many) or sum(many) != len(case.ready):
                return None
            for number, to in enumerate(route.destinations):
                path = f"{place}/route/{number}"
                changes += [(f"{path}/destination/subset", to.subset, to.subset),
                            (f"{path}/weight", to.weight if to.weighed else None, many[number])]  # fmt: skip
    return exchanged(one.meta, changes) if changes else ((), ())


def to_all_pods(case: Case, one: VirtualService) -> Pasted | None:
    """Routes to the whole service in place of one of its subsets; None where one route chooses between several."""
    changes: list[Change] = []
    for place, route in _places(one):
        mine = [(n, to) for n, to in enumerate(route.destinations) if to.subset and _is_service(case, one, to)]
        if mine and len(route.destinations) > 1:
            return None
        for number, to in mine:
            path = f"{place}/route/{number}/destination"
            changes += [(f"{path}/host", to.host, to.host), (f"{path}/subset", to.subset, None)]
    return exchanged(one.meta, changes) if changes else ((), ())


def _is_service(case: Case, one: VirtualService, to: Destination) -> bool:
    return whole_name(to.host, one.meta.namespace, case.evidence.domain) == case.evidence.host


def _places(one: VirtualService) -> Iterator[tuple[str, MeshRoute]]:
    """The routes, each with its place in the object."""
    before: Counter[str] = Counter()
    for route in one.routes:
        yield f"/spec/{route.protocol}/{before[route.protocol]}", route
        before[route.protocol] += 1
