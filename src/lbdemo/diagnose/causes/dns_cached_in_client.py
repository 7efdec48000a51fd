"""LB109: a client goes on dialling addresses that no pod has any more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.images import is_java
from lbdemo.diagnose.looks import SYN_SENT
from lbdemo.diagnose.parts import short
from lbdemo.diagnose.proxies import proxy_of
from lbdemo.kube.answers import Unseen
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB109", "dns-cached-in-client"
LOOKS = 3  # a connection that gets no answer for so many looks is no chance
ADVICE = (
    "Java: networkaddress.cache.ttl is a security property (java.security, or Security.setProperty), not one of -D; "
    "-Dsun.net.inetaddr.ttl=30 works. Other clients: do not resolve by yourself, dial dns:///NAME:PORT"
)


def cause(case: Case) -> Iterator[Finding]:
    """Callers of a headless Service whose sockets wait for an answer from the servers' port of what is no endpoint.

    Another service may have the same port: it is certain only of a Java machine that is connected to nobody here.
    """
    for caller in case.evidence.callers:
        lost = [] if proxy_of(caller.pod) else gone(case, caller)
        if lost:
            yield _finding(case, caller, lost)


def gone(case: Case, caller: Caller) -> list[str]:
    """The addresses at which it waits in vain for pods of a headless Service that are there no more."""
    if isinstance(case.evidence.slices, Unseen) or not case.servers or not case.evidence.service.headless:
        return []
    ports = {server.port for server in case.servers}
    waits = [
        {s.peer for s in look.sockets if s.state == SYN_SENT and s.peer_port in ports and s.peer not in case.by_address}
        for look in case.socket_looks(caller.name)
    ]
    return sorted(each for each in set().union(*waits) if sum(each in look for look in waits) >= LOOKS)


def _finding(case: Case, caller: Caller, away: list[str]) -> Finding:
    java = is_java(caller.pod)
    lost = case.all_sockets_seen and not case.reached(caller)
    return Finding(
        CODE, NAME,
        sentence=f"{short(caller.name)} keeps dialling {listing(away)}, which no pod of the Service has.",
        severity=Severity.PROBLEM if lost else Severity.RISK,
        evidence=(
            Line(f"{short(caller.name)} waits for an answer of {listing(away)}", "caller's sockets"),
            Line("no endpoint has it", "API"),
            *([Line(f"{short(caller.name)} runs on Java, by image or variables", "API")] if java else []),
        ),
        fixes=(Fix("let the client forget what DNS said, after 30 s or so", advice=ADVICE),),
        possible=not (java and lost),
    )  # fmt: skip
