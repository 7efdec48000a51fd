"""LB509: a gateway's controller refuses the Service's port for its appProtocol."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.app_protocols import H2C, protocol_told
from lbdemo.diagnose.findings import CannotTell, Finding, Line, Severity
from lbdemo.kube.answers import Unseen

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.kube.records.gateways import Route
    from lbdemo.kube.records.meta import Condition

CODE, NAME = "LB509", "protocol-refused"
RESOLVED, REASON = "ResolvedRefs", "UnsupportedProtocol"


def cause(case: Case) -> Iterator[Finding | CannotTell]:
    """Routes to this service whose controller says that it does not support the port's protocol."""
    routes = case.evidence.surroundings.routes
    if isinstance(routes, Unseen):
        yield CannotTell(CODE, NAME, "routes of the Gateway API could not be seen", (routes.what,))
        return
    for route in routes:
        refused = [one for one in route.conditions if (one.type, one.status, one.reason) == (RESOLVED, "False", REASON)]
        if refused and _alone(case, route):
            yield _finding(case, route, refused[0])


def _alone(case: Case, route: Route) -> bool:
    """Whether all backends of the route are this service's port: a condition does not say which it is about."""
    own = (case.evidence.name, case.evidence.namespace, "Service", case.evidence.port.number)
    backends = [backend for rule in route.rules for backend in rule.backends]
    return bool(backends) and all((b.name, b.namespace, b.kind, b.port) == own for b in backends)


def _finding(case: Case, route: Route, refused: Condition) -> Finding:
    port = case.evidence.port
    return Finding(
        CODE, NAME,
        sentence=f"A gateway refuses the port for its appProtocol {port.app_protocol or '(none)'}: "
        f"calls through {route.meta.reference} fail.",
        severity=Severity.PROBLEM,
        evidence=(Line(f"{route.meta.reference}: {RESOLVED} is False, {refused.reason}: {refused.message}", "API"),),
        fixes=(protocol_told(case, H2C, "say h2c, which all controllers of the Gateway API read"),),
    )  # fmt: skip
