"""The evidence, and what follows from it: what all rules need, worked out once."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

from lbdemo.diagnose import connections, counting
from lbdemo.diagnose.fleeting import NONE, fleeting
from lbdemo.diagnose.looks import ESTABLISHED, ClientLook
from lbdemo.diagnose.proxies import ISTIO, proxy_of
from lbdemo.diagnose.servers import Server, servers_of
from lbdemo.diagnose.told import by_own_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lbdemo.diagnose.connections import Arrived, Held
    from lbdemo.diagnose.counting import Judged
    from lbdemo.diagnose.evidence import Caller, Evidence
    from lbdemo.diagnose.fleeting import Fleeting
    from lbdemo.diagnose.looks import EnvoyCluster, EnvoyHost, EnvoyLook, EnvoyRoute, Socket, SocketLook
    from lbdemo.kube.records.meta import Meta


ALL_ADDRESSES = ("0.0.0.0_", "[::]_", "::_")
"""How Envoy's listeners for all addresses of a port begin."""


class Case:
    """One service's evidence with what follows from it. All of it is worked out of the evidence alone.

    `elsewhere` names callers of the same pods by other Services, who are not in it any more.
    """

    def __init__(self, evidence: Evidence, elsewhere: Sequence[str] = ()) -> None:
        self.evidence = evidence
        self.elsewhere = tuple(elsewhere)

    @cached_property
    def servers(self) -> tuple[Server, ...]:
        """All endpoints of the port, ready or not."""
        return servers_of(self.evidence)

    @cached_property
    def ready(self) -> tuple[Server, ...]:
        """Those that calls are meant to reach."""
        return tuple(server for server in self.servers if server.gets_calls)

    @cached_property
    def by_address(self) -> Mapping[str, str]:
        """The servers' names by address."""
        return {address: server.name for server in self.servers for address in server.addresses}

    @cached_property
    def held(self) -> tuple[Held, ...]:
        """Connections, by the sockets of the servers; to those that could not be looked at, by callers' own."""
        return (*connections.held_by_sockets(self.arrived), *self._held_elsewhere)

    @cached_property
    def _held_elsewhere(self) -> tuple[Held, ...]:
        unseen = [server for server in self.servers if server.name not in self.sockets_seen]
        return tuple(connections.held_by_callers(self.evidence.callers, unseen, self._socket_looks))

    @cached_property
    def at_once(self) -> Mapping[str, int]:
        """By caller: the most connections that it held at once, to all servers together."""
        known = Counter(connections.at_once(self.arrived))
        for held in self._held_elsewhere:
            known[held.caller] += held.most
        return known

    def socket_looks(self, pod: str) -> tuple[SocketLook, ...]:
        """The looks at the pod's sockets in their order; () when they could not be seen."""
        return self._socket_looks.get(pod, ())

    def sockets(self, pod: str) -> tuple[Socket, ...]:
        """The pod's sockets in the last look; () when they could not be seen."""
        looks = self.socket_looks(pod)
        return looks[-1].sockets if looks else ()

    @cached_property
    def _socket_looks(self) -> Mapping[str, tuple[SocketLook, ...]]:
        return connections.looks_by_pod(self.evidence)

    @cached_property
    def arrived(self) -> Mapping[str, tuple[Arrived, ...]]:
        """By server: the connections to its port, look by look; () when its sockets could not be seen."""
        return connections.arrived(self.evidence, self.servers, self._socket_looks)

    @cached_property
    def sockets_seen(self) -> frozenset[str]:
        """The servers whose sockets could be seen: of others nobody knows who holds connections."""
        return frozenset(server.name for server in self.servers if self.socket_looks(server.name))

    @cached_property
    def all_sockets_seen(self) -> bool:
        """Whether a ready server without connections is known to have none."""
        return bool(self.ready) and all(server.name in self.sockets_seen for server in self.ready)

    @property
    def whose_sockets(self) -> str:
        """Whose sockets tell who is connected to which server, as a line of evidence names its source."""
        return "server sockets" if self.all_sockets_seen else "callers' sockets"

    def sees_connections(self, caller: Caller) -> bool:
        """Whether a ready server to which no connection of the caller was seen is known to have none."""
        return self.all_sockets_seen or bool(self.socket_looks(caller.name))

    @cached_property
    def judged(self) -> Judged:
        """How calls (or, where nobody counts them, connections) are spread."""
        return counting.judged(self)

    @cached_property
    def active(self) -> tuple[Caller, ...]:
        """The callers that were seen to call or to be connected: not those that only could."""
        return tuple(caller for caller in self.evidence.callers if self._active(caller))

    def _active(self, caller: Caller) -> bool:
        return any(held.caller == caller.name for held in self.held) or any(
            host.calls_total or host.connections_active
            for look in self.envoy_looks(caller.name)
            for host in self.hosts(look)
        )

    @cached_property
    def bare(self) -> tuple[Caller, ...]:
        """The callers that are pods without any mesh's proxy, whether or not they were seen to call."""
        return tuple(c for c in self.evidence.callers if c.pod is not None and not proxy_of(c.pod))

    @cached_property
    def plain(self) -> tuple[Caller, ...]:
        """The active callers without any mesh's proxy beside them."""
        return tuple(caller for caller in self.active if not proxy_of(caller.pod))

    @cached_property
    def through_sidecars(self) -> tuple[Caller, ...]:
        """The active callers with Istio's sidecar beside them."""
        return tuple(caller for caller in self.active if self.meshed(caller))

    @cached_property
    def servers_meshed(self) -> bool:
        """Whether all ready servers have Istio's sidecar."""
        return bool(self.ready) and all(proxy_of(server.pod) == ISTIO for server in self.ready)

    def namespace(self, name: str) -> Meta | None:
        """The namespace of this name; None where it could not be seen."""
        found = self.evidence.surroundings.namespaces
        return next((one.meta for one in found if one.meta.name == name), None) if isinstance(found, tuple) else None

    def namespace_of(self, caller: Caller) -> Meta | None:
        """The caller's namespace; None where it is no pod, or its namespace could not be seen."""
        return self.namespace(caller.pod.meta.namespace if caller.pod else "")

    def reached(self, caller: Caller) -> frozenset[str]:
        """The servers that hold connections of the caller, by their sockets."""
        return frozenset(held.server for held in self.held_by(caller))

    def by_own_names(self, caller: Caller) -> bool:
        """Whether the caller is connected to no pods but those that it is told to call by their own names."""
        named = by_own_names(caller.pod, self.evidence.name)
        return bool(named) and {name.rpartition("/")[2] for name in self.reached(caller)} <= named

    def connections(self, caller: Caller) -> int:
        """The most connections that the caller held at once, by the servers' sockets."""
        return self.at_once.get(caller.name, 0)

    def dials(self, caller: Caller) -> int:
        """The connections to the Service's own address that the caller's sockets show, whoever is at their other end.

        0 for a headless Service, which has none.
        """
        ends = {(address, self.evidence.port.number) for address in self.evidence.service.cluster_ips}
        return sum(s.state == ESTABLISHED and (s.peer, s.peer_port) in ends for s in self.sockets(caller.name))

    def fleeting(self, caller: Caller) -> Fleeting:
        """How long the caller's connections last."""
        return self._fleeting.get(caller.name, NONE)

    @cached_property
    def _fleeting(self) -> Mapping[str, Fleeting]:
        return fleeting(self)

    def holds_few(self, caller: Caller) -> bool:
        """Whether the caller's connections last, and are fewer than the ready servers whose sockets could be seen.

        With one such server nobody knows: what the caller holds to the others cannot be seen.
        """
        seen = sum(1 for server in self.ready if server.name in self.sockets_seen)
        return 0 < self.connections(caller) < seen and not self.fleeting(caller).passing

    def meshed(self, caller: Caller) -> bool:
        """Whether Istio's sidecar runs beside the caller."""
        return proxy_of(caller.pod) == ISTIO

    def held_by(self, caller: Caller) -> tuple[Held, ...]:
        """The caller's connections, server by server, as the servers' sockets show them."""
        return tuple(held for held in self.held if held.caller == caller.name)

    def envoy_looks(self, pod: str) -> tuple[EnvoyLook, ...]:
        """The looks at the pod's Envoy in their order; () when it has none, or it could not be seen."""
        return tuple(sorted((e for e in self.evidence.envoys if e.pod == pod), key=lambda look: look.turn))

    def client(self, caller: Caller) -> ClientLook:
        """What else the caller's pod tells, by all that asked it; nothing where nobody did."""
        mine = [look for look in self.evidence.clients if look.pod == caller.name]
        core, sent_away, no_tls, refused = (
            next((told for look in mine if (told := getattr(look, name)) is not None), None)
            for name in ("core", "sent_away", "no_tls", "refused")
        )
        said = tuple(each for look in mine for each in look.complaints)
        return ClientLook(caller.name, core, sent_away, no_tls, said, refused)

    def hosts(self, look: EnvoyLook) -> tuple[EnvoyHost, ...]:
        """The hosts of the clusters that stand for this service's port."""
        return tuple(host for host in look.hosts if self.for_service(host.cluster))

    def last_hosts(self, caller: Caller) -> tuple[EnvoyHost, ...]:
        """Those in the last look at the caller's Envoy; () when it has none, or it could not be seen."""
        looks = self.envoy_looks(caller.name)
        return self.hosts(looks[-1]) if looks else ()

    def clusters(self, caller: Caller) -> tuple[EnvoyCluster, ...]:
        """What the caller's Envoy was told of the clusters that stand for this service's port."""
        mine = (one for one in self.evidence.clusters if one.pod == caller.name)
        return tuple(one for one in mine if self.for_service(one.name))

    def chooses_by(self, caller: Caller, policy: str) -> bool:
        """Whether the caller's Envoy was told to choose by this policy, as Envoy names it."""
        return any(one.balancer == policy for one in self.clusters(caller))

    def for_service(self, cluster: str) -> bool:
        """Whether the name is of a cluster for this service's port, of any subset (outbound|PORT|SUBSET|HOST)."""
        parts = cluster.split("|")
        port = str(self.evidence.port.number)
        return len(parts) == 4 and parts[0] == "outbound" and parts[1] == port and parts[3] == self.evidence.host

    def route_of(self, caller: Caller) -> EnvoyRoute | None:
        """What the caller's Envoy does with connections to the service; None when it could not be seen.

        A listener for the service's own address is taken before one for all addresses of the port, as Envoy does.
        """
        found = [route for route in self.evidence.routes if route.pod == caller.name]
        return min(found, key=lambda route: route.listener.startswith(ALL_ADDRESSES), default=None)
