"""LB302: the port says that it speaks gRPC, and what listens there, or calls there, speaks something else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lbdemo.diagnose.app_protocols import protocol_told, reads_http2
from lbdemo.diagnose.findings import CannotTell, Finding, Fix, Line, Severity
from lbdemo.diagnose.parts import pods, short
from lbdemo.diagnose.proxies import ISTIO, proxy_of
from lbdemo.diagnose.refusals import broken, failing, silent
from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.diagnose.refusals import Broken

CODE, NAME = "LB302", "port-wrongly-grpc"
ENCRYPT = Fix(
    "where it speaks TLS itself: let it speak plain text, and the mesh encrypt",
    advice="take TLS off at servers and clients; the sidecars encrypt what goes between them, and read calls",
)

WAIT = "clients that failed for long wait before they try again, those of gRPC up to two minutes"


def cause(case: Case) -> Iterator[Finding | CannotTell]:
    """Callers with sidecars none of whose calls is answered while each breaks its connection; or that speak TLS to a
    sidecar that was told to read gRPC."""
    if not reads_http2(case.evidence.port):
        return
    failed = [caller for caller in case.through_sidecars if failing(case, caller)]
    where, speaking = broken(case) if failed else (), encrypted(case)
    if where or speaking:
        yield _finding(case, failed if where else [], where, speaking)
    elif failed and any(_blind(case)):
        yield CannotTell(CODE, NAME, f"calls of {pods(c.name for c in failed)} fail, and the sidecar of "
                         f"{pods(_blind(case))} could not be asked why")  # fmt: skip


def encrypted(case: Case) -> list[Caller]:
    """Callers whose sidecars read gRPC for this port and were given none, and whose logs tell of failed handshakes."""
    if not reads_http2(case.evidence.port):
        return []
    meshed = [caller for caller in case.evidence.callers if case.meshed(caller) and silent(case, caller)]
    return [caller for caller in meshed if case.client(caller).no_tls and _read(case, caller)]


def _read(case: Case, caller: Caller) -> bool:
    route = case.route_of(caller)
    return route is not None and route.kind == "http"


def _blind(case: Case) -> list[str]:
    """The servers with a sidecar that was not looked at."""
    return [s.name for s in case.ready if proxy_of(s.pod) == ISTIO and not case.envoy_looks(s.name)]


def _finding(case: Case, failed: Sequence[Caller], where: Sequence[Broken], speaking: Sequence[Caller]) -> Finding:
    port = case.evidence.port
    told = f"appProtocol {port.app_protocol}" if port.app_protocol else f"name {port.name}"
    who = "what listens there speaks something else" if where else "those who call speak TLS"
    tls = protocol_told(case, "tls", "say that it is TLS: sidecars pass connections on, one choice a connection", WAIT)
    http = protocol_told(case, "http", "where it speaks HTTP/1: say so")
    return Finding(
        CODE, NAME,
        sentence=f"The port says gRPC, and {who}: no call is answered.",
        severity=Severity.PROBLEM,
        evidence=(
            Line(f"port {port.number} of Service {case.evidence.name}: {told}", "API"),
            *(_breaking(one) for one in where[:4]),
            *(_speaking(case, caller) for caller in speaking[:4]),
        ),
        fixes=(tls, ENCRYPT) if speaking else (http, ENCRYPT),
        explains=(len(failed) + len(speaking)) / len(case.evidence.callers),
        possible=not where,
    )  # fmt: skip


def _breaking(one: Broken) -> Line:
    return Line(f"{short(one.server)}: {count(one.calls, 'call')}, none answered, broke "
                f"{count(one.connections, 'connection')}", one.source)  # fmt: skip


def _speaking(case: Case, caller: Caller) -> Line:
    times = count(case.client(caller).no_tls or 0, "time")
    return Line(f"{short(caller.name)} says so {times} in the last 10 min: a TLS handshake failed; its sidecar, which "
                "reads calls here, got none of it", "the callers' logs")  # fmt: skip
