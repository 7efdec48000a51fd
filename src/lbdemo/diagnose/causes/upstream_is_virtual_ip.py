"""LB501: a proxy of one's own stands before the service, and its upstream is the Service's one address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import headless_beside
from lbdemo.diagnose.images import is_proxy
from lbdemo.diagnose.parts import part_of, pods, short
from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB501", "upstream-is-virtual-ip"


def cause(case: Case) -> Iterator[Finding]:
    """Callers that are proxies, and hold fewer connections than there are servers, to a Service with an address."""
    if case.evidence.service.headless or len(case.ready) < 2:
        return
    few = [c for c in case.plain if is_proxy(c.pod) and case.holds_few(c)]
    if few:
        yield _finding(case, few)


def _finding(case: Case, few: list[Caller]) -> Finding:
    apply, undo, target = headless_beside(case)
    return Finding(
        CODE, NAME,
        sentence=f"The proxy {pods(c.name for c in few)} calls the Service's one address: "
        "kube-proxy chooses behind it, once a connection.",
        severity=Severity.PROBLEM,
        evidence=tuple(
            Line(f"{short(c.name)} holds {count(case.connections(c), 'connection')}, for {len(case.ready)} pods",
                 "server sockets") for c in few
        ),
        fixes=(Fix(
            "let the proxy see the pods: its upstream is a headless Service's name", apply, undo,
            f"give {target} as the upstream's address (Envoy: type STRICT_DNS; nginx: resolver and a variable; "
            "HAProxy: server-template), or let an ingress controller use endpoints instead of the Service",
        ),),
        explains=part_of(case, few),
    )  # fmt: skip
