"""LB306: the caller's sidecar knows a connection to the service's address, and not the service that it is for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.causes.ebpf_connect_time import certain, translated
from lbdemo.diagnose.findings import Finding, Fix, Line
from lbdemo.diagnose.fixes import made_anew
from lbdemo.diagnose.parts import part_of, pods, severity_of, short
from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.diagnose.looks import EnvoyHost

CODE, NAME = "LB306", "passthrough-from-the-start"
CLUSTER = "PassthroughCluster"


def cause(case: Case) -> Iterator[Finding]:
    """Callers whose Envoy has connections to the service in its passthrough cluster, and none in the service's own.

    Where the network surely brought it the address of a pod, that is what has to be mended (LB408).
    """
    found = {caller.name: past for caller in case.evidence.callers if (past := _past(case, caller))}
    callers = [caller for caller in case.evidence.callers if caller.name in found]
    if callers:
        yield _finding(case, callers, found)


def _past(case: Case, caller: Caller) -> list[EnvoyHost]:
    looks = case.envoy_looks(caller.name) if case.meshed(caller) else ()
    if certain(case, caller) and translated(case, caller):
        return []
    if not looks or any(host.connections_active or host.calls_active for host in case.hosts(looks[-1])):
        return []
    return [host for host in looks[-1].hosts if _ours(case, host) and host.connections_active]


def _ours(case: Case, host: EnvoyHost) -> bool:
    """Whether the host is the service's address and port, or that of one of its pods."""
    addressed = (host.address, host.port)
    own = {(address, case.evidence.port.number) for address in case.evidence.service.cluster_ips}
    return host.cluster == CLUSTER and addressed in own | {(a, s.port) for s in case.servers for a in s.addresses}


def _finding(case: Case, callers: list[Caller], found: dict[str, list[EnvoyHost]]) -> Finding:
    return Finding(
        CODE, NAME,
        sentence=f"The sidecar of {pods(c.name for c in callers)} passes the connection on as one to an address that "
        "it does not know.",
        severity=severity_of(case),
        evidence=tuple(
            Line(f"{short(c.name)}: {count(sum(h.connections_active for h in found[c.name]), 'connection')} to "
                 f"{found[c.name][0].address}:{found[c.name][0].port} in {CLUSTER}, none in the service's own cluster",
                 "callers' proxies")
            for c in callers[:4]
        ),
        fixes=(Fix(
            "make the caller's pods anew: its connection is older than what the sidecar knows",
            made_anew(callers),
            advice="if it comes back, the application starts before its proxy (use native sidecars, or "
            "holdApplicationUntilProxyStarts), or a Sidecar object leaves this service out of its egress hosts",
        ),),
        explains=part_of(case, callers),
    )  # fmt: skip
