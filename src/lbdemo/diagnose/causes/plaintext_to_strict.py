"""LB307: the servers take nothing but mutual TLS, and the caller has no sidecar to speak it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Line, Severity
from lbdemo.diagnose.fixes import mesh_the_callers
from lbdemo.diagnose.istio_scope import strict_for
from lbdemo.diagnose.parts import pods
from lbdemo.diagnose.proxies import ISTIO, proxy_of

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB307", "plaintext-to-strict"


def cause(case: Case) -> Iterator[Finding]:
    """Callers without a sidecar (or that are only told of the service) of servers whose mode is STRICT."""
    outside = [c for c in case.evidence.callers if c.pod is not None and not proxy_of(c.pod)]
    strict = [
        rule for server in case.ready if server.pod is not None and proxy_of(server.pod) == ISTIO
        for rule in [strict_for(case.evidence, server.pod, server.port)] if rule is not None
    ]  # fmt: skip
    if not outside or not strict:
        return
    rule = strict[0]
    yield Finding(
        CODE, NAME,
        sentence=f"The pods refuse plain text, and {pods(c.name for c in outside)} has no sidecar: its calls fail.",
        severity=Severity.PROBLEM,
        evidence=(Line(f"{rule.meta.reference}: STRICT", "API"),
                  Line(f"no sidecar beside {pods(c.name for c in outside)}", "API")),
        fixes=(mesh_the_callers(case, outside),),
        explains=1.0 if not case.through_sidecars else 0.0,
    )  # fmt: skip
