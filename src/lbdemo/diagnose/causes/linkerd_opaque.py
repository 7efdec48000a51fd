"""LB508: Linkerd was told to pass connections to the port on, or takes it for a protocol that it does not read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from lbdemo.diagnose.app_protocols import H2C, protocol_told
from lbdemo.diagnose.app_protocols import LINKERD as READ
from lbdemo.diagnose.findings import Finding, Fix, Line
from lbdemo.diagnose.parts import part_of, pods, severity_of, short
from lbdemo.diagnose.proxies import LINKERD, proxy_of

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB508", "linkerd-opaque"
OPAQUE, SKIP = "config.linkerd.io/opaque-ports", "config.linkerd.io/skip-outbound-ports"


def cause(case: Case) -> Iterator[Finding]:
    """Callers with Linkerd's proxy, which annotations or the port's appProtocol keep from reading calls."""
    callers = [caller for caller in case.active if proxy_of(caller.pod) == LINKERD]
    if not callers or len(case.ready) < 2:
        return
    marked = _marks(case, callers)
    protocol = case.evidence.port.app_protocol
    if marked:
        fix = Fix(
            f"take port {case.evidence.port.number} out of the annotation, and make the pods anew",
            advice="it is for protocols in which the server speaks first, such as MySQL's; gRPC needs none",
        )
        yield _finding(case, callers, marked, fix)
    elif protocol not in READ:
        told = f"port {case.evidence.port.number} of Service {case.evidence.name} has appProtocol {protocol}"
        fix = protocol_told(case, H2C, "say h2c, which Linkerd and the controllers of the Gateway API read")
        yield _finding(case, callers, [told], fix, possible=True)


def listed(ports: str, number: int) -> bool:
    """Whether a list of ports and ranges of them, such as 25,8000-8100, has this one."""
    for word in (each.strip() for each in ports.split(",")):
        first, _, last = word.partition("-")
        if first.isdigit() and (last or first).isdigit() and int(first) <= number <= int(last or first):
            return True
    return False


def _marks(case: Case, callers: list[Caller]) -> list[str]:
    port = case.evidence.port.number
    service = case.evidence.service
    found = _told(f"Service {service.meta.name}", service.meta.annotations, OPAQUE, port)
    for server in case.ready[:1]:
        if server.pod is not None:
            found += _told(short(server.name), server.pod.meta.annotations, OPAQUE, server.port)
    for caller in callers:
        if caller.pod is not None:
            found += _told(short(caller.name), caller.pod.meta.annotations, SKIP, port)
    return found


def _told(who: str, annotations: Mapping[str, str], name: str, port: int) -> list[str]:
    return [f"{who} has {name}: {annotations[name]}"] if listed(annotations.get(name, ""), port) else []


def _finding(case: Case, callers: list[Caller], told: list[str], fix: Fix, *, possible: bool = False) -> Finding:
    return Finding(
        CODE, NAME,
        sentence=f"Linkerd passes connections of {pods(c.name for c in callers)} on, and does not read calls.",
        severity=severity_of(case),
        evidence=tuple(Line(text, "API") for text in told),
        fixes=(fix,),
        explains=part_of(case, callers),
        possible=possible,
    )  # fmt: skip
