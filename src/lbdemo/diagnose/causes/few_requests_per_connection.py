"""LB321: connections are ended after a few calls, which somebody once took for a remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.istio_scope import destination_rule_for
from lbdemo.diagnose.patches import exchanged

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB321", "few-requests-per-connection"
FEW = 100  # calls a connection: a handshake, with mutual TLS, costs as much as tens of calls

PLACE = "/spec/trafficPolicy/connectionPool/http/maxRequestsPerConnection"


def cause(case: Case) -> Iterator[Finding]:
    """A DestinationRule with a small maxRequestsPerConnection, in a mesh that chooses for each call anyhow."""
    spaces = sorted({c.pod.meta.namespace for c in case.through_sidecars if c.pod is not None})
    rules = {rule.meta.reference: rule for space in spaces if (rule := destination_rule_for(case.evidence, space))}
    for rule in rules.values():
        limit = rule.policy.requests_per_connection or 0
        if not 0 < limit < FEW:
            continue
        yield Finding(
            CODE, NAME,
            sentence=f"Each connection is ended after {limit} calls: many handshakes, and no better spread.",
            severity=Severity.RISK,
            evidence=(Line(f"{rule.meta.reference}: maxRequestsPerConnection {limit}", "API"),),
            fixes=(Fix("take the limit off", *exchanged(rule.meta, [(PLACE, limit, None)])),),
        )  # fmt: skip
