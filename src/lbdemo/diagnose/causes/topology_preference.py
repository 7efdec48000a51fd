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
    from lbdemo.kube.records.services import Service

CODE, NAME = "LB402", "topology-preference"
MODES = ("service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints")


def cause(case: Case) -> Iterator[Finding]:
    """A preference for the same node or zone, with callers on other nodes (or zones) than the pods."""
    service = case.evidence.service
    told = preference(service)
    if not told or len(case.ready) < 2 or case.judged.outcome not in UNEVEN:
        return
    what, undo = told
    places = sorted({server.zone or server.node for server in case.ready})
    calling = sorted({caller.pod.node for caller in case.active if caller.pod is not None})
    yield Finding(
        CODE, NAME,
        sentence="The Service prefers near pods: those near the callers get more, whatever the others do.",
        severity=Severity.PROBLEM,
        evidence=(Line(f"Service {service.meta.name} has {what}", "API"),
                  Line(f"pods are in {listing(places)}, callers on {listing(calling)}", "API")),
        fixes=(Fix("spread callers and pods alike (topologySpreadConstraints for both), or do without the preference",
                   (kubectl("-n", service.meta.namespace, *undo),)),),
        explains=part_of(case, case.plain) if len(places) > 1 else 0.0,
        possible=len(places) < 2,
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
