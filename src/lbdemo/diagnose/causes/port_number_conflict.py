"""LB318: the port says gRPC, and the callers' sidecars take it for TCP all the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.app_protocols import reads_http2
from lbdemo.diagnose.causes.port_not_grpc import as_tcp
from lbdemo.diagnose.findings import Finding, Fix, Line
from lbdemo.diagnose.fixes import kubectl, made_anew
from lbdemo.diagnose.parts import part_of, severity_of, short

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB318", "port-number-conflict"


def cause(case: Case) -> Iterator[Finding]:
    """Callers whose listener passes connections on, though the Service's port says that it speaks gRPC."""
    if case.evidence.service.headless or not reads_http2(case.evidence.port):
        return
    passing = [caller for caller in case.through_sidecars if as_tcp(case, caller)]
    if passing:
        yield _finding(case, passing)


def _finding(case: Case, passing: list[Caller]) -> Finding:
    port = case.evidence.port
    told = f"name {port.name or '(none)'}, appProtocol {port.app_protocol or '(none)'}"
    seen = [Line(f"port {port.number} of Service {case.evidence.name}: {told}", "API")]
    for caller in passing[:4]:
        if (route := case.route_of(caller)) is not None:
            text = f"{short(caller.name)}: listener {route.listener} passes connections on"
            seen.append(Line(text, "callers' proxies"))
    return Finding(
        CODE, NAME,
        sentence=f"The port says gRPC and the sidecar takes it for TCP: something else claims port {port.number}, or "
        "the sidecar was not told yet.",
        severity=severity_of(case),
        evidence=tuple(seen),
        fixes=(Fix(
            f"see which Services have port {port.number}, and give TCP and headless ones another number",
            (kubectl("get", "services", "-A", "-o", "wide"), kubectl("get", "envoyfilters", "-A")),
            advice="those that are headless, or say tcp, https or nothing, share a listener with this one; if there is "
            "none, istioctl proxy-status tells whether the sidecar has the newest configuration",
        ), Fix("then make the callers' pods anew: connections that are there stay as they are", made_anew(passing))),
        explains=part_of(case, passing),
        possible=True,
    )  # fmt: skip
