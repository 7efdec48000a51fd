"""LB403: each node passes what comes from outside to its own pods, and the nodes have not as many of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl
from lbdemo.diagnose.parts import UNEVEN, part_of
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB403", "external-traffic-local"


def cause(case: Case) -> Iterator[Finding]:
    """externalTrafficPolicy Local with callers from outside, and nodes with unequally many ready pods."""
    service = case.evidence.service
    outside = [caller for caller in case.active if caller.pod is None]
    if service.external_policy != "Local" or service.headless or not outside:
        return
    each = Counter(server.node for server in case.ready if server.node)
    if len(each) < 2 or len(set(each.values())) == 1:
        return
    uneven = case.judged.outcome in UNEVEN
    patch = ("-n", service.meta.namespace, "patch", "service", service.meta.name, "-p")
    yield Finding(
        CODE, NAME,
        sentence="Each node keeps what comes from outside for its own pods: those that are alone on a node get more.",
        severity=Severity.PROBLEM if uneven else Severity.RISK,
        evidence=(Line(f"Service {service.meta.name} has externalTrafficPolicy: Local", "API"),
                  Line(f"ready pods: {listing([f'{node} {many}' for node, many in sorted(each.items())])}", "API")),
        fixes=(Fix("spread the pods over the nodes (topologySpreadConstraints), or pass calls on to other nodes",
                   (kubectl(*patch, '{"spec":{"externalTrafficPolicy":"Cluster"}}'),),
                   (kubectl(*patch, '{"spec":{"externalTrafficPolicy":"Local"}}'),),
                   "with Cluster the callers' own addresses are lost"),),
        explains=part_of(case, outside) if uneven else 0.0,
    )  # fmt: skip
