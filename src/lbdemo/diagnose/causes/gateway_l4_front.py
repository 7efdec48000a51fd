"""LB502: the gateway's own pods get unequal parts: clients choose one of them once a connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.app_protocols import speaks_grpc
from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import ROUND_ROBIN, second
from lbdemo.diagnose.fronts import is_waypoint, loads
from lbdemo.diagnose.parts import short
from lbdemo.words import count, listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Front
    from lbdemo.diagnose.fronts import Load
    from lbdemo.kube.records.services import ServicePort

CODE, NAME = "LB502", "gateway-l4-front"
AGE = (
    "let the gateway end connections after a minute or so, and clients draw anew: Envoy "
    "common_http_protocol_options.max_connection_duration of its listener, nginx keepalive_time; or more connections "
    "a client, or a balancer in front that reads calls"
)


def cause(case: Case) -> Iterator[Finding]:
    """Gateways, ingresses and proxies of one's own with several pods, of which some hold far more connections."""
    for load in loads(case):
        if load.uneven and not is_waypoint(load.front):
            yield _finding(case, load)


def _finding(case: Case, load: Load) -> Finding:
    front = load.front
    return Finding(
        CODE, NAME,
        sentence=f"The {len(front.pods)} pods of {front.workload}, which stand before the service, get unequal parts: "
        "their clients choose one of them once a connection.",
        severity=Severity.RISK,
        evidence=lines(load),
        fixes=(*_seen(case, front), Fix("end connections now and then", advice=AGE)),
    )  # fmt: skip


def lines(load: Load) -> tuple[Line, ...]:
    """What was seen of each of the pods."""
    held = listing([f"{short(name)} {many}" for name, many in load.connections])
    calls = listing([f"{short(name)} {count(many, 'call')}" for name, many in load.calls])
    told = [Line(f"connections to the pods of {load.front.workload}: {held}", "their sockets")]
    return (*told, *([Line(f"calls to this service: {calls}", "who calls")] if calls else []))


def _seen(case: Case, front: Front) -> tuple[Fix, ...]:
    """A headless Service of the gateway's pods, where there is a Service of them with an address."""
    chosen = next(((one, port) for one in front.services if not one.headless for port in _grpc_first(one.ports)), None)
    if chosen is None:
        return ()
    service, port = chosen
    apply, undo, target = second(service, port, _listens(front, port), case.evidence.domain)
    told = f"let clients call {target} with the service config {ROUND_ROBIN}"
    return (Fix("let clients in the cluster see the gateway's pods", apply, undo, told),)


def _grpc_first(ports: tuple[ServicePort, ...]) -> list[ServicePort]:
    return sorted(ports, key=lambda port: not speaks_grpc(port))


def _listens(front: Front, port: ServicePort) -> int:
    """The port of the pods: a headless Service translates none."""
    if isinstance(port.target, int):
        return port.target
    named = (each.number for pod in front.pods for c in pod.containers for each in c.ports if each.name == port.target)
    return next(named, port.number)
