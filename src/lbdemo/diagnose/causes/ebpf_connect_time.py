"""LB408: the network translates the Service's address when a client connects: a sidecar sees one pod, and no choice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl
from lbdemo.diagnose.looks import ESTABLISHED
from lbdemo.diagnose.parts import UNEVEN, part_of, pods, severity_of, short
from lbdemo.diagnose.told import asks_for_endpoints, bootstrapped, dials
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB408", "ebpf-connect-time"
PASSTHROUGH = "PassthroughCluster"
HOSTS_ONLY = '{"data":{"bpf-lb-sock-hostns-only":"%s"}}'
CONNECT_TIME = '{"spec":{"bpfConnectTimeLoadBalancing":%s}}'


def cause(case: Case) -> Iterator[Finding]:
    """Callers of a Service with an address that are connected to pods' own addresses, though nothing told them of
    these. With a sidecar it takes the choice away; without one it is a note for who is about to add one."""
    through = [caller for caller in case.through_sidecars if translated(case, caller)]
    if through:
        yield _behind_sidecars(case, through)
        return
    plain = [c for c in case.plain if case.holds_few(c) and _told(case, c) and _to_pods(case, c)]
    if plain and case.judged.outcome in UNEVEN:
        yield _note(case, plain)


def translated(case: Case, caller: Caller) -> list[str]:
    """The pods' addresses to which the caller's sidecar passes connections on, as to what it does not know; [] for
    none, and where pods' addresses can be had by name."""
    looks = case.envoy_looks(caller.name)
    if not looks or _shows_pods(case, caller) or any(host.connections_active for host in case.hosts(looks[-1])):
        return []
    past = [host for host in looks[-1].hosts if host.cluster == PASSTHROUGH and host.connections_active]
    return [f"{host.address}:{host.port}" for host in past if (host.address, host.port) in _ends(case)]


def certain(case: Case, caller: Caller) -> bool:
    """Whether the caller was surely told the Service's name, and no pod's address."""
    return dials(caller.pod, case.evidence.name, case.evidence.port.number)


def _shows_pods(case: Case, caller: Caller) -> bool:
    """Whether the caller can know pods' addresses by itself: by a headless name, from the API server, or by xDS."""
    siblings = case.evidence.surroundings.services
    headless = not isinstance(siblings, tuple) or any(one.headless for one in siblings)
    asks = asks_for_endpoints(caller.pod, case.evidence.name)
    return case.evidence.service.headless or headless or bootstrapped(caller.pod) or asks


def _ends(case: Case) -> set[tuple[str, int]]:
    return {(address, server.port) for server in case.servers for address in server.addresses}


def _told(case: Case, caller: Caller) -> bool:
    return certain(case, caller) and not _shows_pods(case, caller)


def _to_pods(case: Case, caller: Caller) -> list[str]:
    """The pods' addresses to which the caller's own sockets lead."""
    ends = _ends(case)
    return sorted({f"{s.peer}:{s.peer_port}" for s in case.sockets(caller.name)
                   if s.state == ESTABLISHED and (s.peer, s.peer_port) in ends})  # fmt: skip


def _behind_sidecars(case: Case, through: list[Caller]) -> Finding:
    service = case.evidence.service
    return Finding(
        CODE, NAME,
        sentence=f"{pods(c.name for c in through)} called the Service, and the sidecar saw a pod's address: the "
        "network had chosen when the client connected.",
        severity=severity_of(case),
        evidence=(
            *(Line(f"{short(c.name)}: {listing(translated(case, c))} in {PASSTHROUGH}", "callers' proxies")
              for c in through[:4]),
            Line(f"Service {service.meta.name} has the address {service.cluster_ips[0]}, and no headless one beside it",
                 "API"),
        ),
        fixes=FIXES,
        explains=part_of(case, through),
        possible=not all(certain(case, caller) for caller in through),
    )  # fmt: skip


def _note(case: Case, plain: list[Caller]) -> Finding:
    return Finding(
        CODE, NAME,
        sentence="The network chooses when a client connects (eBPF): a sidecar added now would see one pod, and no "
        "choice.",
        severity=Severity.NOTE,
        evidence=tuple(
            Line(f"{short(c.name)} was told {case.evidence.name}:{case.evidence.port.number}, and is connected to "
                 f"{listing(_to_pods(case, c))}", "caller's sockets") for c in plain[:4]
        ),
        fixes=FIXES,
    )  # fmt: skip


def _cilium(value: str) -> tuple[str, ...]:
    return (
        kubectl(
            "-n", "kube-system", "patch", "configmap", "cilium-config", "--type", "merge", "-p", HOSTS_ONLY % value
        ),
        kubectl("-n", "kube-system", "rollout", "restart", "daemonset/cilium"),
    )


def _calico(value: str) -> tuple[str, ...]:
    return (kubectl("patch", "felixconfiguration", "default", "--type", "merge", "-p", CONNECT_TIME % value),)


FIXES = (
    Fix("with Cilium: translate at the node, and not in pods (socketLB.hostNamespaceOnly)", _cilium("true"),
        _cilium("false"), "with Helm, set the value there; then make the callers' pods anew"),
    Fix("with Calico: no translation when clients connect", _calico('"Disabled"'), _calico("null"),
        "then make the callers' pods anew"),
)  # fmt: skip
