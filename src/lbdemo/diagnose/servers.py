"""Who should get the calls: the endpoints behind the Service, as its slices and its pods tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.diagnose.evidence import key

if TYPE_CHECKING:
    from lbdemo.diagnose.evidence import Evidence
    from lbdemo.kube.records.pods import Pod
    from lbdemo.kube.records.services import Endpoint, EndpointSlice, ServicePort


@dataclass(frozen=True, slots=True)
class Server:
    """One endpoint of the Service's port: `name` is `namespace/pod`, or the address of what is no pod."""

    name: str
    addresses: tuple[str, ...]
    port: int
    ready: bool
    terminating: bool = False
    node: str = ""
    zone: str = ""
    pod: Pod | None = None

    @property
    def gets_calls(self) -> bool:
        """Whether new connections are meant to reach it."""
        return self.ready and not self.terminating


def servers_of(evidence: Evidence) -> tuple[Server, ...]:
    """The endpoints, sorted by name, each once whatever number of slices name it; () where no slice could be seen."""
    if not isinstance(evidence.slices, tuple):
        return ()
    pods = {key(pod): pod for pod in evidence.servers} if isinstance(evidence.servers, tuple) else {}
    found: dict[str, Server] = {}
    for server in _each(evidence.slices, evidence.port, evidence.namespace, pods):
        before = found.get(server.name)
        found[server.name] = server if before is None else _merged(before, server)
    return tuple(found[name] for name in sorted(found))


def _each(slices: Sequence[EndpointSlice], port: ServicePort, namespace: str, pods: dict[str, Pod]) -> Iterator[Server]:
    for one in slices:
        numbers = [each.number for each in one.ports if each.name == port.name]
        for endpoint in one.endpoints if numbers else ():
            yield _server(endpoint, numbers[0], namespace, pods)


def _server(endpoint: Endpoint, number: int, namespace: str, pods: dict[str, Pod]) -> Server:
    name = f"{namespace}/{endpoint.target}" if endpoint.target_kind == "Pod" else _named(endpoint, pods)
    return Server(
        name, endpoint.addresses, number, endpoint.ready, endpoint.terminating, endpoint.node, endpoint.zone,
        pods.get(name),
    )  # fmt: skip


def _named(endpoint: Endpoint, pods: dict[str, Pod]) -> str:
    """The pod that has the address of an endpoint without a name, or the address where no pod is known to have it."""
    address = endpoint.addresses[0]
    at = (name for name, pod in pods.items() if address in pod.addresses and not pod.host_network)
    return next(at, address) if not endpoint.target else address


def _merged(one: Server, other: Server) -> Server:
    """A pod that two slices name, such as one for each family of addresses."""
    addresses = tuple(dict.fromkeys((*one.addresses, *other.addresses)))
    ready, terminating = one.ready or other.ready, one.terminating and other.terminating
    return Server(one.name, addresses, one.port, ready, terminating, one.node, one.zone, one.pod)
