"""Several Services of the same pods: by which of them a caller calls, as its own sockets tell, or what it is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lbdemo.diagnose.looks import ESTABLISHED, SYN_SENT, TIME_WAIT
from lbdemo.diagnose.servers import servers_of
from lbdemo.diagnose.told import KUBERNETES, XDS, asks_for_endpoints, bootstrapped, marks, pod_named, words

if TYPE_CHECKING:
    from lbdemo.diagnose.evidence import Caller, Evidence
    from lbdemo.diagnose.looks import EnvoyHost, Socket
    from lbdemo.kube.records.pods import Pod
    from lbdemo.kube.records.services import Service, ServicePort

SOME_MODE = "some mode"
"""kube-proxy's mode where it is not known which, and that it is at work is."""
PODS = ""
"""In the place of a Service's name: what leads to pods' own addresses."""


def beside(evidence: Evidence) -> tuple[Service, ...]:
    """The other Services that lead to the same port of some of the pods."""
    around = evidence.surroundings
    known = [each for each in (around.services, around.others) if isinstance(each, tuple)]
    return tuple(one for each in known for one in each if port_of(evidence, one) is not None)


def port_of(evidence: Evidence, service: Service) -> ServicePort | None:
    """The port of the Service that leads to where the pods listen; None where it leads elsewhere.

    Who knows pods from a headless Service may dial any of their ports, whatever ports the Service names.
    """
    if service.meta.name == evidence.name:
        return evidence.port
    return next(_leading(evidence, service), evidence.port if service.headless else None)


def _leading(evidence: Evidence, service: Service) -> Iterator[ServicePort]:
    """All ports of the Service that lead there: one may have several names for the same."""
    listens = {server.port for server in servers_of(evidence)}
    pods = evidence.servers if isinstance(evidence.servers, tuple) else ()
    return (port for port in service.ports if listens.intersection(_targets(port, pods)))


def _targets(port: ServicePort, pods: Sequence[Pod]) -> set[int]:
    """What the port stands for in the pods: a port of a container by its name, or a number."""
    if isinstance(port.target, int):
        return {port.target}
    declared = (one for pod in pods for container in pod.containers for one in container.ports)
    return {one.number for one in declared if one.name == port.target} if port.target else {port.number}


def leads(evidence: Evidence, caller: Caller) -> dict[int, str]:
    """By the caller's own port: the Service whose address a connection leads to; PODS for a pod's own.

    Connections that are there count, or, where there are none, those that were closed a minute ago or are tried. In a
    node's network are others' connections, too: its kubelet's probes go to pods' own addresses.
    """
    ends = {end: service.meta.name for service in (*beside(evidence), evidence.service)
            for end in _ends(evidence, service)}  # fmt: skip
    at_node = caller.pod is not None and caller.pod.host_network
    if not at_node:
        ends |= {(address, server.port): PODS for server in servers_of(evidence) for address in server.addresses}
    mine = [one for look in evidence.sockets if look.pod == caller.name for one in look.sockets]
    found = [one for one in mine if (one.peer, one.peer_port) in ends]
    alive = [one for one in found if one.state == ESTABLISHED]
    return {one.local_port: ends[one.peer, one.peer_port] for one in alive or _others(found)}


def _others(sockets: Sequence[Socket]) -> Iterator[Socket]:
    return (one for one in sockets if one.state in (TIME_WAIT, SYN_SENT))


def _ends(evidence: Evidence, service: Service) -> Iterator[tuple[str, int]]:
    port = port_of(evidence, service)
    if port is not None and not service.headless:
        numbers = {port.number, *(one.number for one in _leading(evidence, service))}
        yield from ((address, number) for address in service.cluster_ips for number in numbers)


def by_pods(evidence: Evidence, caller: Caller) -> str:
    """The Service by which a caller knows the pods' own addresses; "" where nobody can tell.

    Some networks (eBPF) translate a Service's address when a client connects, so that a headless Service beside it
    proves nothing unless kube-proxy is known to do that, or the caller is told of one of the names only.
    """
    every = (evidence.service, *beside(evidence))
    told = [one.meta.name for one in every if _told(caller, one.meta.name)]
    if len(told) == 1:
        return told[0]
    headless = [one.meta.name for one in every if one.headless]
    if evidence.name in headless and not told:
        return evidence.name
    alone = len(headless) == 1 and not bootstrapped(caller.pod)
    return headless[0] if alone and translates_at_the_node(evidence) else ""


def only_to_pods(evidence: Evidence, caller: Caller) -> bool:
    """Whether the caller's own sockets lead to pods' own addresses, and to no Service's."""
    return set(leads(evidence, caller).values()) == {PODS}


def by_address(evidence: Evidence, caller: Caller) -> bool:
    """Whether a caller of pods that have no headless Service surely dials their own addresses, and by no name: it is
    connected to those alone, and no network here translates a Service's address into them when a client connects."""
    every = (evidence.service, *beside(evidence))
    known = any(one.headless or asks_for_endpoints(caller.pod, one.meta.name) for one in every)
    if caller.pod is None or known or bootstrapped(caller.pod) or not only_to_pods(evidence, caller):
        return False
    return not by_pods(evidence, caller) and translates_at_the_node(evidence)


def translates_at_the_node(evidence: Evidence) -> bool:
    """Whether clients surely see the address that they call: kube-proxy has a mode, or somebody's sockets show one."""
    if evidence.surroundings.proxy_mode:
        return True
    return any(name != PODS for caller in evidence.callers for name in leads(evidence, caller).values())


def _told(caller: Caller, service: str) -> bool:
    """Whether some argument or variable is a target of this name."""
    starts = (f"{service}:", f"{XDS}/{service}", f"{KUBERNETES}/{service}")
    found = marks(words(caller.pod), service)
    return any(mark.startswith(starts) or pod_named(mark, service) for mark in found)


def services_called(evidence: Evidence, caller: Caller) -> frozenset[str]:
    """The Services by which the caller calls these pods, by its sockets or its Envoy; none where nobody can tell."""
    found = (by_pods(evidence, caller) if name == PODS else name for name in leads(evidence, caller).values())
    return frozenset(filter(None, (*found, *_by_envoy(evidence, caller))))


def _by_envoy(evidence: Evidence, caller: Caller) -> Iterator[str]:
    """The Services to whose clusters the caller's Envoy sent calls meanwhile, or has some on their way."""
    looks = sorted((one for one in evidence.envoys if one.pod == caller.name), key=lambda look: look.turn)
    for service in (evidence.service, *beside(evidence)) if looks else ():
        first, last = ([one for one in look.hosts if _is_for(one, evidence, service)] for look in (looks[0], looks[-1]))
        if sum(one.calls_total for one in last) > sum(one.calls_total for one in first) or _busy(last):
            yield service.meta.name


def _is_for(host: EnvoyHost, evidence: Evidence, service: Service) -> bool:
    port = port_of(evidence, service)
    parts = host.cluster.split("|")
    return (
        len(parts) == 4 and port is not None and (parts[1], parts[3]) == (str(port.number), evidence.host_of(service))
    )


def _busy(hosts: Sequence[EnvoyHost]) -> bool:
    return any(one.calls_active for one in hosts)
