"""The way from each caller to the pods: who chooses on it, for each connection or for each call, and among how many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from lbdemo.diagnose.called import by_address
from lbdemo.diagnose.counting import per_connection
from lbdemo.diagnose.images import is_proxy
from lbdemo.diagnose.proxies import LINKERD, proxy_of
from lbdemo.diagnose.told import bootstrapped

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.diagnose.looks import EnvoyLook

CLIENT = "the client"
"""Who chooses where nobody else does: it knows the pods' own addresses."""
ADDRESSES = f"{CLIENT}, by pods' own addresses"


class Per(StrEnum):
    """For what somebody chooses a pod."""

    CONNECTION = "connection"
    CALL = "call"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Choice:
    """Who chooses the pod, for what, among how many pods (None: unknown); `policy` as it is configured, "" unknown."""

    who: str
    per: Per
    among: int | None
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What one pod gets of one caller: connections at once and calls while it was watched; None where unknown."""

    server: str
    connections: int | None
    calls: int | None


@dataclass(frozen=True, slots=True)
class Way:
    """One caller's way: to which address, over how many connections (None: unknown), who chooses, what arrives where.

    `found_by` is `environment` for a caller of which no call was seen.
    """

    caller: str
    address: str
    connections: int | None
    choice: Choice
    arrivals: tuple[Arrival, ...]
    found_by: str


def ways(case: Case) -> tuple[Way, ...]:
    """The way of each caller, those with most calls (or connections) first."""
    found = [_way(case, caller) for caller in case.evidence.callers]
    return tuple(sorted(found, key=lambda way: (-_weight(way), way.caller)))


def _weight(way: Way) -> int:
    return sum(a.calls or 0 for a in way.arrivals) or (way.connections or 0)


def _way(case: Case, caller: Caller) -> Way:
    counted, held = calls_of(case, caller.name), _connections(case, caller)
    names = [server.name for server in case.ready if server.name in {*counted, *held}]
    others = sorted({*counted, *held} - set(names))
    arrivals = tuple(
        Arrival(name, held.get(name, 0) if held or case.held_by(caller) else None, counted.get(name))
        for name in (*names, *others)
        if counted.get(name) or held.get(name)
    )
    known = sum(held.values()) if held or case.all_sockets_seen else case.dials(caller) or None
    service, chosen = case.evidence.service, choice(case, caller, held)
    by_itself = service.headless or chosen.who.startswith(CLIENT)
    address = "its pods" if by_itself else (service.cluster_ips[:1] or ("",))[0]
    return Way(caller.name, address, known, chosen, arrivals, _shown_by(case, caller, arrivals))


def _shown_by(case: Case, caller: Caller, arrivals: Sequence[Arrival]) -> str:
    """How the caller showed itself in the end: who was told of the service only, and then called, is known to call."""
    if caller.found_by != "environment" or not (caller in case.active or case.dials(caller)):
        return caller.found_by
    return "sockets" if arrivals or case.dials(caller) else "proxy"


def calls_of(case: Case, caller: str) -> Mapping[str, int]:
    """The caller's calls to each server while it was watched; {} where nobody knows them."""
    judged = case.judged.calls
    flow = next((flow for flow in judged.flows if flow.caller == caller), None) if judged else None
    return flow.totals if flow else {}


def _connections(case: Case, caller: Caller) -> dict[str, int]:
    """The caller's connections to each server: its own Envoy's count, else what the servers' sockets show."""
    held: dict[str, int] = {}
    for host in case.last_hosts(caller):
        name = case.by_address.get(host.address, host.address)
        held[name] = held.get(name, 0) + host.connections_active
    if any(held.values()):
        return held
    return {one.server: one.most for one in case.held_by(caller)}


def choice(case: Case, caller: Caller, held: Mapping[str, int]) -> Choice:
    """Who chooses a pod for what this caller sends."""
    if case.meshed(caller):
        return _of_sidecar(case, caller)
    if proxy_of(caller.pod) == LINKERD:
        return Choice("its Linkerd proxy", Per.UNKNOWN, None)
    reached = sum(1 for count in held.values() if count)
    if reached and case.by_own_names(caller):
        return Choice(f"{CLIENT}, by pods' own names", Per.CONNECTION, reached)
    if reached == 1 and by_address(case.evidence, caller):
        return Choice(ADDRESSES, Per.CONNECTION, reached)
    if reached > 1 and (how := sees_pods(case, caller, held)):
        return Choice(how, Per.CALL, reached)
    if not case.evidence.service.headless:
        return Choice("kube-proxy", Per.CONNECTION, len(case.ready))
    return Choice(CLIENT, Per.CONNECTION if reached else Per.UNKNOWN, len(case.ready) if reached else None)


def sees_pods(case: Case, caller: Caller, held: Mapping[str, int]) -> str:
    """How a caller without a sidecar knows the pods themselves and can choose for each call; "" where it does not.

    By xDS, by a headless Service's name, by addresses that somebody gave it, or most likely by that of another,
    headless Service for the same pods.
    """
    if bootstrapped(caller.pod):
        return f"{CLIENT}, by xDS"
    if case.evidence.service.headless:
        return CLIENT
    if by_address(case.evidence, caller):
        return ADDRESSES
    name = likely_by(case, caller, held)
    return f"{CLIENT}, by {name}" if name else ""


def likely_by(case: Case, caller: Caller, held: Mapping[str, int]) -> str:
    """The headless Service beside this one by which the caller most likely knows all pods; "" for none.

    Connections through a cluster IP are drawn, and seldom as many to each pod. A proxy's workers each have their own,
    at different times.
    """
    siblings = case.evidence.surroundings.services
    beside = [one for one in siblings if one.headless] if isinstance(siblings, tuple) else []
    workers = is_proxy(caller.pod) and all(held.get(server.name) for server in case.ready)
    reached = [count for count in held.values() if count]
    alike = len(reached) > 1 and len(set(reached)) == 1
    return beside[0].meta.name if beside and (workers or alike) else ""


def _of_sidecar(case: Case, caller: Caller) -> Choice:
    hosts = case.last_hosts(caller)
    policy = next((one.balancer for one in case.clusters(caller)), "")
    route, among = case.route_of(caller), _offered(case, caller)
    if (route is not None and route.kind == "tcp") or any(per_connection(host) for host in hosts):
        return Choice("its sidecar, as TCP", Per.CONNECTION, among, policy)
    if case.evidence.service.headless:
        return Choice("its sidecar, as the client chose", Per.CONNECTION, among, policy)
    seen = route is not None or any(host.calls_ok for host in hosts)
    return Choice("its sidecar", Per.CALL if seen else Per.UNKNOWN, among, policy)


def _offered(case: Case, caller: Caller) -> int | None:
    """Among how many pods the caller's sidecar chooses: those of the clusters that it uses which are not ejected, of
    the nearest priority that has any; all where none is left, as Envoy does."""
    used = _used(case, caller)
    mine = [host for host in case.last_hosts(caller) if not used or host.cluster in used]
    well = [host for host in mine if not host.unhealthy] or mine
    nearest = min((host.priority for host in well), default=0)
    return len({host.address for host in well if host.priority == nearest}) or None


def _used(case: Case, caller: Caller) -> set[str]:
    """The clusters by which the caller's sidecar sent something while it was watched, else those that it would take."""
    looks, route = case.envoy_looks(caller.name), case.route_of(caller)
    sent = _sent(case, looks[-1]) - _sent(case, looks[0]) if looks else Counter[str]()
    return set(sent) or {name for name, weight in (route.clusters if route else ()) if weight}


def _sent(case: Case, look: EnvoyLook) -> Counter[str]:
    """By cluster: all calls since its hosts were added."""
    found = Counter[str]()
    for host in case.hosts(look):
        found[host.cluster] += host.calls_total
    return found
