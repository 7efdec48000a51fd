"""LB307: the servers take nothing but mutual TLS, and nothing beside the caller speaks it, or it was told not to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Line, Severity
from lbdemo.diagnose.fixes import mesh_the_callers
from lbdemo.diagnose.istio_scope import strict_for
from lbdemo.diagnose.mutual_tls import PLAIN, Contrary, agreed, contraries, unanswered
from lbdemo.diagnose.parts import pods
from lbdemo.diagnose.proxies import ISTIO, proxy_of

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.kube.records.istio import PeerAuthentication

CODE, NAME = "LB307", "plaintext-to-strict"


def cause(case: Case) -> Iterator[Finding]:
    """Callers of servers whose mode is STRICT: without a sidecar (or that are only told of the service), or with one
    that a rule has send plain text."""
    outside = [c for c in case.evidence.callers if c.pod is not None and not proxy_of(c.pod)]
    strict = [
        rule for server in case.ready if server.pod is not None and proxy_of(server.pod) == ISTIO
        for rule in [strict_for(case.evidence, server.pod, server.port)] if rule is not None
    ]  # fmt: skip
    if outside and strict:
        yield _without(case, outside, strict[0])
    told = contraries(case, PLAIN)
    if told:
        yield _told_not_to(case, told)


def _without(case: Case, outside: list[Caller], rule: PeerAuthentication) -> Finding:
    return Finding(
        CODE, NAME,
        sentence=f"The pods refuse plain text, and {pods(c.name for c in outside)} has no sidecar: its calls fail.",
        severity=Severity.PROBLEM,
        evidence=(Line(f"{rule.meta.reference}: STRICT", "API"),
                  Line(f"no sidecar beside {pods(c.name for c in outside)}", "API")),
        fixes=(mesh_the_callers(case, outside),),
        explains=1.0 if not case.through_sidecars else 0.0,
    )  # fmt: skip


def _told_not_to(case: Case, told: Sequence[Contrary]) -> Finding:
    return Finding(
        CODE, NAME,
        sentence="The pods refuse plain text, and callers' sidecars are told to send it: no call is answered.",
        severity=Severity.PROBLEM,
        evidence=(*(Line(why, "API") for why in told[0].why),
                  Line(f"{told[0].rule.meta.reference}: tls {PLAIN}", "API"),
                  unanswered(told)),
        fixes=(agreed(case.evidence, told[0]),),
        explains=len(told) / len(case.evidence.callers),
    )  # fmt: skip
