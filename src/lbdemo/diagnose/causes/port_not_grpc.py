"""LB301: the mesh takes the port for TCP: its sidecars choose once a connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.app_protocols import protocol_told, reads_http2
from lbdemo.diagnose.counting import per_connection
from lbdemo.diagnose.findings import CannotTell, Finding, Fix, Line, Severity
from lbdemo.diagnose.parts import part_of, pods

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB301", "port-not-grpc"
ENCRYPTED = ("https", "tls")


def cause(case: Case) -> Iterator[Finding | CannotTell]:
    """Callers with sidecars that pass connections to this service on, instead of reading calls; the port does not say
    that it speaks gRPC."""
    if case.evidence.service.headless:
        return
    blind = [c for c in case.through_sidecars if not case.envoy_looks(c.name) and case.route_of(c) is None]
    if blind:
        yield CannotTell(CODE, NAME, f"the sidecar of {pods(c.name for c in blind)} could not be asked")
    passing = [caller for caller in case.through_sidecars if as_tcp(case, caller)]
    if passing and not reads_http2(case.evidence.port):
        yield _finding(case, passing)


def as_tcp(case: Case, caller: Caller) -> bool:
    """Whether the caller's sidecar takes what goes to the service for TCP: by its listener, else by what it counts.

    A call that never ends is counted as a connection is, so that counters alone tell only where nothing else does.
    """
    route = case.route_of(caller)
    if route is not None:
        return route.kind == "tcp"
    return not reads_http2(case.evidence.port) and any(per_connection(host) for host in case.last_hosts(caller))


def _finding(case: Case, passing: list[Caller]) -> Finding:
    name, port = case.evidence.name, case.evidence.port
    told = f"name {port.name or '(none)'}, appProtocol {port.app_protocol or '(none)'}"
    return Finding(
        CODE, NAME,
        sentence="The mesh takes the port for TCP: sidecars choose once a connection.",
        severity=Severity.PROBLEM,
        evidence=(
            Line(f"port {port.number} of Service {name}: {told}", "API"),
            *(_of(case, caller) for caller in passing[:4]),
        ),
        fixes=(_fix(case),),
        explains=part_of(case, passing),
    )  # fmt: skip


def _fix(case: Case) -> Fix:
    """To say that the port speaks gRPC; where it speaks TLS that would end all calls: nobody can read them then."""
    port = case.evidence.port
    if (port.app_protocol or port.name.partition("-")[0]) in ENCRYPTED:
        return Fix(
            "let the mesh encrypt instead of the application",
            advice="where server and client really speak TLS, a sidecar cannot read calls: let both speak plain text, "
            "and give the port appProtocol grpc; the sidecars encrypt what goes between them",
        )
    return protocol_told(
        case, "grpc", "say that the port speaks gRPC",
        "or let the port's name begin with grpc; connections that are there stay as they are",
    )  # fmt: skip


def _of(case: Case, caller: Caller) -> Line:
    route = case.route_of(caller)
    if route is not None and route.kind == "tcp":
        return Line(f"{pods([caller.name])}: listener {route.listener} passes connections on", "callers' proxies")
    return Line(f"{pods([caller.name])}: its Envoy counts a call for each connection", "callers' proxies")
