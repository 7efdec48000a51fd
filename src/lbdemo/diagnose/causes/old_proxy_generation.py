"""LB503: a proxy still holds connections to pods that are no more: workers of an older generation live on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import made_anew
from lbdemo.diagnose.fronts import leads_to
from lbdemo.diagnose.parts import pods, short
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB503", "old-proxy-generation"


def cause(case: Case) -> Iterator[Finding]:
    """Proxies that are connected, at the servers' port, to addresses that no pod has any more.

    A proxy without keepalive may hold such a connection without an older generation: it is never more than possible.
    """
    gone = set(case.evidence.gone)
    held = {name: sorted(ends & gone) for name, ends in leads_to(case).items() if ends & gone}
    if held:
        yield _finding(case, held)


def _finding(case: Case, held: dict[str, list[str]]) -> Finding:
    callers = [caller for caller in case.evidence.callers if caller.name in held]
    return Finding(
        CODE, NAME,
        sentence=f"The proxy {pods(held)} holds connections to pods that are no more, as workers do that a reload has "
        "left behind.",
        severity=Severity.RISK,
        evidence=tuple(Line(f"{short(name)} is connected to {listing(ends)}, which no pod has", "caller's sockets")
                       for name, ends in held.items()),
        fixes=(
            Fix("let old workers end soon after a reload", advice="nginx worker_shutdown_timeout (ingress-nginx: "
                "worker-shutdown-timeout), HAProxy hard-stop-after, Envoy --parent-shutdown-time-s; and TCP keepalive "
                "to the pods"),
            Fix("until then, make the proxy's pods anew", made_anew(callers)),
        ),
        possible=True,
    )  # fmt: skip
