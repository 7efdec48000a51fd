"""LB402: the Service prefers pods that are near its callers, and these are not spread as the pods are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl
from lbdemo.diagnose.parts import UNEVEN, part_of
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.kube.records.services import Service

CODE, NAME = "LB402", "topology-preference"
MODES = ("service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints")
ZONE = "topology.kubernetes.io/zone"
NODE, NODE_WISE = "node", ("internalTrafficPolicy: Local", "trafficDistribution: PreferSameNode")


def cause(case: Case) -> Iterator[Finding]:
    """A preference for the same node or zone, with callers that reach near pods only.

    Nobody heeds it of a headless Service: clients see all pods. Where far pods are reached as well, or nobody knows
    who is near, it is a risk.
    """
    service = case.evidence.service
    told = preference(service)
    if not told or service.headless or len(case.ready) < 2 or case.judged.outcome not in UNEVEN:
        return
    what, undo = told
    kept = [caller for caller in case.active if _keeps_near(case, caller, what)]
    places = sorted({server.node if what in NODE_WISE else server.zone or server.node for server in case.ready})
    calling = sorted({_place(case, caller, what) for caller in case.active} - {""})
    where = f"pods are in {listing(places)}" + (f", callers in {listing(calling)}" if calling else "")
    yield Finding(
        CODE, NAME,
        sentence="The Service prefers near pods: those near the callers get more, whatever the others do.",
        severity=Severity.PROBLEM if kept else Severity.RISK,
        evidence=(Line(f"Service {service.meta.name} has {what}", "API"), Line(where, "API")),
        fixes=(Fix("spread callers and pods alike (topologySpreadConstraints for both), or do without the preference",
                   (kubectl("-n", service.meta.namespace, *undo),), (_again(service),)),),
        explains=part_of(case, kept),
    )  # fmt: skip


def preference(service: Service) -> tuple[str, tuple[str, ...]] | None:
    """What the Service prefers, in its own words, and kubectl's words that take it away; None for nothing."""
    name = service.meta.name
    if service.internal_policy == "Local":
        return "internalTrafficPolicy: Local", ("patch", "service", name, "-p",
                                                '{"spec":{"internalTrafficPolicy":"Cluster"}}')  # fmt: skip
    if service.distribution:
        return f"trafficDistribution: {service.distribution}", ("patch", "service", name, "-p",
                                                                '{"spec":{"trafficDistribution":null}}')  # fmt: skip
    for mode in MODES:
        value = service.meta.annotations.get(mode, "")
        if value.lower() == "auto":
            return f"{mode}: {value}", ("annotate", "service", name, f"{mode}-")
    return None


def _again(service: Service) -> str:
    """The command that brings the preference back."""
    words = ("-n", service.meta.namespace)
    name = service.meta.name
    if service.internal_policy == "Local":
        return kubectl(*words, "patch", "service", name, "-p", '{"spec":{"internalTrafficPolicy":"Local"}}')
    if service.distribution:
        told = f'{{"spec":{{"trafficDistribution":"{service.distribution}"}}}}'
        return kubectl(*words, "patch", "service", name, "-p", told)
    mode = next(mode for mode in MODES if service.meta.annotations.get(mode))
    return kubectl(*words, "annotate", "service", name, f"{mode}={service.meta.annotations[mode]}")


def _place(case: Case, caller: Caller, what: str) -> str:
    """The caller's node, or the zone of it; "" where nobody knows."""
    node = caller.pod.node if caller.pod is not None else ""
    if what in NODE_WISE:
        return node
    nodes = case.evidence.surroundings.nodes
    known = {one.meta.name: one.meta.labels.get(ZONE, "") for one in nodes} if isinstance(nodes, tuple) else {}
    return known.get(node, "")


def _keeps_near(case: Case, caller: Caller, what: str) -> bool:
    """Whether the caller reaches pods in its own place only, and others are elsewhere."""
    place, reached = _place(case, caller, what), case.reached(caller)
    here = {s.name for s in case.ready if place and place == (s.node if what in NODE_WISE else s.zone)}
    return bool(reached) and reached <= here and len(here) < len(case.ready)
