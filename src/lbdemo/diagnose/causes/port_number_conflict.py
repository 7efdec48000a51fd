"""LB318: the port says gRPC, and the callers' sidecars take it for TCP all the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lbdemo.diagnose.app_protocols import reads_http2
from lbdemo.diagnose.astray import astray
from lbdemo.diagnose.causes.port_not_grpc import as_tcp
from lbdemo.diagnose.claims import SELECTOR, Claim, claims
from lbdemo.diagnose.findings import Finding, Fix, Line
from lbdemo.diagnose.fixes import kubectl, made_anew
from lbdemo.diagnose.parts import part_of, severity_of, short
from lbdemo.diagnose.patches import exchanged
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB318", "port-number-conflict"
ANEW = "make the callers' pods anew: connections that are there stay as they are"


def cause(case: Case) -> Iterator[Finding]:
    """Callers whose listener passes connections on, though the Service's port says that it speaks gRPC.

    Not those that are led elsewhere (LB329).
    """
    if case.evidence.service.headless or not reads_http2(case.evidence.port):
        return
    elsewhere = {one.caller.name for one in astray(case)}
    passing = [c for c in case.through_sidecars if as_tcp(case, c) and c.name not in elsewhere]
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
    by_caller = [claims(case.evidence, caller) for caller in passing]
    found = list({(claim.meta.reference, claim.change[0]): claim for each in by_caller for claim in each}.values())
    return Finding(
        CODE, NAME,
        sentence=f"The port says gRPC and the sidecar takes it for TCP: {_why(port.number, found)}.",
        severity=severity_of(case),
        evidence=(*seen, *(Line(claim.said, "API") for claim in found)),
        fixes=(_mended(found, passing),) if found else (*_looked_for(port.number), Fix(f"then {ANEW}",
                                                                                      made_anew(passing))),
        explains=part_of(case, passing),
        possible=not all(by_caller),
    )  # fmt: skip


def _why(port: int, found: Sequence[Claim]) -> str:
    if found:
        return f"{listing(list(dict.fromkeys(claim.meta.reference for claim in found)))} told it so"
    return f"something else claims port {port}, or the sidecar was not told yet"


def _mended(found: Sequence[Claim], passing: list[Caller]) -> Fix:
    """Changes of what claims the port, and callers that begin with what holds then."""
    changes = [exchanged(claim.meta, [claim.change]) for claim in found]
    anew = made_anew(passing)
    aside = [claim.meta.reference for claim in found if claim.change[0] == SELECTOR]
    what = "the rest behind those listeners has to speak HTTP, too" if len(aside) < len(found) else ""
    whole = f"{listing(aside)} is set aside as a whole: its people may rather take the listener out of it"
    return Fix(
        f"let requests be read there, and {ANEW}",
        (*(line for there, _ in changes for line in there), *anew),
        (*(line for _, back in reversed(changes) for line in back), *anew),
        "; ".join(filter(None, (what, whole if aside else ""))),
    )


def _looked_for(port: int) -> Iterator[Fix]:
    yield Fix(
        f"see what else tells of port {port}",
        (kubectl("get", "services", "-A", "-o", "wide"),
         kubectl("get", "sidecars.networking.istio.io,serviceentries,envoyfilters", "-A")),
        advice="with an older Istio a Service with that port number that is headless, or says tcp, https or nothing, "
        "may take the listener: give it another number; if nothing does, istioctl proxy-status tells whether the "
        "sidecar has the newest configuration",
    )  # fmt: skip
