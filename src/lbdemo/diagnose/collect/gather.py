"""All evidence of one service: objects first, then who calls, then all looks side by side."""

from __future__ import annotations

import datetime
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.collect import callers as who
from lbdemo.diagnose.collect import in_nodes as node_names
from lbdemo.diagnose.collect import network, prometheus, refusals, silent
from lbdemo.diagnose.collect.cpu import used
from lbdemo.diagnose.collect.domain import domain
from lbdemo.diagnose.collect.fronts import fronts_of
from lbdemo.diagnose.collect.hairpins import undone
from lbdemo.diagnose.collect.listener_rules import listener_rules
from lbdemo.diagnose.collect.nodes import node_addresses
from lbdemo.diagnose.collect.objects import Objects, behind, nodes_of, port_of, service_of, surroundings
from lbdemo.diagnose.collect.probe import probed
from lbdemo.diagnose.collect.watching import first_look, watch
from lbdemo.diagnose.connections import ended_with, names_by_address, nodes_addresses
from lbdemo.diagnose.evidence import Caller, Evidence, Surroundings, key
from lbdemo.diagnose.fronts import leads_to
from lbdemo.diagnose.looks import ESTABLISHED
from lbdemo.diagnose.proxies import proxy_of
from lbdemo.kube.answers import Unseen
from lbdemo.kube.kinds import PODS
from lbdemo.kube.side_by_side import asking, together
from lbdemo.words import count, duration

if TYPE_CHECKING:
    from lbdemo.diagnose.collect.asked import Asked, Means
    from lbdemo.kube.records.pods import Pod


def gather(asked: Asked, means: Means) -> Evidence:
    """What can be seen of the service now, and while it is watched.

    Raises InputError for a service, a port or a caller that is not there, UnseenError where not even the service can
    be seen. All else that cannot be seen is named in the evidence.
    """
    service = service_of(means.api, asked)
    objects = behind(means.api, service, port_of(service, asked.port))
    bare = Evidence(service, objects.port, objects.slices, objects.servers)
    servers, unprobed = _with_probes(asked, means, _watched(Case(bare)))
    there = (
        "its pods cannot be seen" if isinstance(objects.slices, Unseen) else count(len(Case(bare).ready), "ready pod")
    )
    means.say(f"{service.meta.name} ({service.meta.namespace}), port {objects.port.number}: {there}; "
              "looking for callers")  # fmt: skip
    with asking() as pool:
        where = pool.submit(domain, means, servers)
        found = _callers(asked, means, bare, servers)
        bare = replace(bare, domain=where.result())
    pods = [caller.pod for caller in found.callers if caller.pod is not None]
    around = surroundings(means.api, objects, pods)
    before = fronts_of(means.api, pods)
    means.say(f"{count(len(found.callers), 'caller')}; watching for {duration(asked.watch)}")
    with asking(2) as pool:
        carried = pool.submit(network.read, means.api, servers)
        known, began = pool.submit(prometheus.sought, asked, means, bare), time.time()
        seen = watch(means, replace(bare, surroundings=around), servers, pods, before.pods, asked.watch)
        kept = prometheus.told(known.result(), began)
    busy, moved, again, failed, told = together(
        lambda: used(means.api, service, servers), lambda: network.since(means.api, carried.result(), servers),
        lambda: _again(means, bare), lambda: refusals.looked(means, bare, found.callers, seen),
        lambda: listener_rules(means.api, bare, seen.routes, seen.envoys),
    )  # fmt: skip
    around = replace(around, listener_rules=told)
    whole = replace(
        bare, callers=found.callers, surroundings=around, sockets=seen.sockets, envoys=(*seen.envoys, *failed.envoys),
        clusters=seen.clusters, routes=seen.routes, metrics=seen.metrics, scrapes=kept.scrapes, fronts=before.fronts,
        clients=(*seen.clients, *failed.clients), cpu=busy, network=moved, hosts=found.hosts, watched=asked.watch,
        made=_now(),
    )  # fmt: skip
    whole = undone(whole)
    late = Found() if asked.callers else _identified(means, whole)
    whole = only(_bridged(means, whole)) if asked.callers else whole
    after = first_look(means, _not_looked_at(late.callers, whole))
    came, went = _changes(Case(bare), Case(again))
    whole = replace(whole, gone=_gone(means, whole), came=came, went=went)
    whole = replace(whole, callers=_each_once(whole.callers, late.callers), hosts=(*whole.hosts, *late.hosts),
                    sockets=(*whole.sockets, *after.sockets))  # fmt: skip
    quiet = silent.looked(means, whole, named=bool(asked.callers))
    missing = (*_of_objects(objects, around), *unprobed, *found.unseen, *before.unseen, *seen.unseen, *failed.unseen,
               *kept.unseen, *late.unseen, *after.unseen, *quiet.looks.unseen)  # fmt: skip
    return replace(
        whole, callers=(*whole.callers, *quiet.callers), sockets=(*whole.sockets, *quiet.looks.sockets),
        clients=(*whole.clients, *quiet.looks.clients), unseen=tuple(dict.fromkeys(missing)),
    )  # fmt: skip


def _not_looked_at(late: Sequence[Caller], evidence: Evidence) -> list[Pod]:
    """The pods, none with a proxy, of callers that showed themselves after their sockets could be looked at."""
    looked = {look.pod for look in evidence.sockets}
    return [one.pod for one in late if one.pod is not None and not proxy_of(one.pod) and one.name not in looked]


def _each_once(callers: Sequence[Caller], late: Sequence[Caller]) -> tuple[Caller, ...]:
    """All callers; what was known of one before it showed itself is what is known now, with its further addresses."""
    return tuple({one.name: one for one in (*callers, *late)}.values())


@dataclass(frozen=True, slots=True)
class Found:
    """Who calls, the addresses of nodes (they are nobody's who calls), and what could not be seen of them."""

    callers: tuple[Caller, ...] = ()
    hosts: tuple[str, ...] = ()
    unseen: tuple[Unseen, ...] = ()


def _identified(means: Means, evidence: Evidence) -> Found:
    """Whose the addresses are that hold connections and are not known yet.

    One in a node's range that is no pod's is the node's own: its kubelet's, whose probes come and go, or that of a
    program in the node's network, whose connections last.
    """
    found, hosts = _strangers(means, evidence)
    lasting = set(_peers(replace(evidence, callers=(), hosts=hosts)))
    stay = [one for one in found.callers if lasting.intersection(one.addresses)]
    nobodys = [one for one in stay if one.pod is None]
    in_nodes = node_names.named(means.api, evidence, nobodys, all_pods_seen=not found.unseen)
    shown_out = _shown_out(means, replace(evidence, callers=(*evidence.callers, *stay), hosts=hosts))
    callers = (*(one for one in stay if one.pod is not None), *shown_out, *in_nodes.callers)
    return Found(callers, hosts, (*found.unseen, *in_nodes.unseen))


def _shown_out(means: Means, evidence: Evidence) -> tuple[Caller, ...]:
    """Pods whose connections servers end at once, as sidecars do with what is no mutual TLS where that is wanted."""
    case = Case(evidence)
    known = {*names_by_address(evidence), *nodes_addresses(evidence), *case.by_address}
    ended = {peer for one in case.servers for peer in ended_with(one, case.socket_looks(one.name))}
    found = who.by_addresses(means.api, sorted(ended - known), evidence.namespace)
    return tuple(one for one in found.callers if one.pod is not None and one.pod.stays)


def _strangers(means: Means, evidence: Evidence) -> tuple[who.Found, tuple[str, ...]]:
    """Whose the addresses are that hold connections and are not known yet, and which of those are nodes'."""
    known = names_by_address(evidence)
    peers = [address for address in _peers(replace(evidence, callers=())) if address not in known]
    found = who.by_addresses(means.api, peers, evidence.namespace)
    nobodys = [one.name for one in found.callers if one.pod is None]
    return found, node_addresses(nobodys, evidence, all_pods_seen=not found.unseen)


def _bridged(means: Means, evidence: Evidence) -> Evidence:
    """With all addresses of callers in a node's network: servers see that of the bridge, which is no pod's."""
    if not any(one.node for one in evidence.callers):
        return evidence
    hosts = _strangers(means, evidence)[1]
    return replace(evidence, callers=node_names.with_bridges(means.api, evidence, hosts), hosts=hosts)


def _gone(means: Means, evidence: Evidence) -> tuple[str, ...]:
    """Of what proxies are connected to at the servers' port: the addresses of pods that are no more.

    Other services' pods may have the same port; while some pod could not be looked for, nobody knows. What is left in
    the network of a node's pods would be the node's own if it called; it is called, at a port of pods.
    """
    strangers = sorted(set().union(*leads_to(Case(evidence)).values()))
    found = who.by_addresses(means.api, strangers, evidence.namespace)
    nobodys = [one.name for one in found.callers if one.pod is None]
    return () if found.unseen else node_addresses(nobodys, evidence, all_pods_seen=True)


def only(evidence: Evidence) -> Evidence:
    """The evidence of its callers only: without others' connections, and without what servers count of everybody.

    What callers and those beside them are connected to themselves stays.
    """
    ours, served = names_by_address(evidence), {server.name for server in Case(evidence).servers}
    looks = tuple(
        replace(look, sockets=tuple(s for s in look.sockets if s.state != ESTABLISHED or s.peer in ours))
        if look.pod in served else look
        for look in evidence.sockets
    )  # fmt: skip
    return replace(evidence, sockets=looks, metrics=(), scrapes=None)


def _again(means: Means, bare: Evidence) -> Evidence:
    """The servers as they are now."""
    now = behind(means.api, bare.service, bare.port)
    return replace(bare, slices=now.slices, servers=now.servers)


def _changes(before: Case, after: Case) -> tuple[int, int]:
    """How many pods came and went while they were watched; none where they could not be seen each time."""
    if any(isinstance(case.evidence.servers, Unseen) for case in (before, after)):
        return 0, 0
    then, now = ({server.name for server in case.ready} for case in (before, after))
    return len(now - then), len(then - now)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _watched(case: Case) -> list[Pod]:
    """The pods behind the service's endpoints, those that leave among them: they may still be called."""
    return [server.pod for server in case.servers if server.pod is not None]


def _with_probes(asked: Asked, means: Means, servers: list[Pod]) -> tuple[list[Pod], tuple[Unseen, ...]]:
    """The servers, with a container of ours in those that have nothing to look with, if a person asked for that."""
    blind = first_look(means, servers).blind if asked.probe else ()
    if not blind:
        return servers, ()
    found = probed(means, [pod for pod in servers if key(pod) in blind], asked.probe)
    instead = {key(pod): pod for pod in found.pods}
    return [instead.get(key(pod), pod) for pod in servers], found.unseen


def _callers(asked: Asked, means: Means, bare: Evidence, servers: Sequence[Pod]) -> Found:
    """Who is asked about, or everybody who shows himself: by connections, else by what pods are told."""
    if asked.callers:
        return Found(who.named(means.api, asked.callers, asked.namespace))
    looked = first_look(means, servers)
    known = undone(replace(bare, sockets=looked.sockets, surroundings=_nodes_of(means, servers)))
    found = _identified(means, known)
    if found.callers:
        return found
    pods = means.api.list(PODS, asked.namespace)
    if isinstance(pods, Unseen):
        return replace(found, unseen=(*found.unseen, pods))
    own = {key(pod) for pod in servers}
    told = tuple(one for one in who.told_of(bare.service, pods, bare.domain) if one.name not in own)
    return replace(found, callers=told)


def _nodes_of(means: Means, servers: Sequence[Pod]) -> Surroundings:
    """The nodes, whose kubelets' probes are no calls."""
    return Surroundings(nodes=nodes_of(means.api, servers))


def _peers(evidence: Evidence) -> list[str]:
    """The addresses that hold connections to the servers, those with the most first."""
    case = Case(evidence)
    held: Counter[str] = Counter()
    for look in (look for looks in case.arrived.values() for look in looks):
        held.update(name for name, _ in look.sockets)
    return [address for address, _ in held.most_common()]


def _of_objects(objects: Objects, around: Surroundings) -> Iterable[Unseen]:
    """Which objects could not be seen."""
    answers = (objects.slices, objects.servers, *(getattr(around, name) for name in Surroundings.__slots__))
    return (answer for answer in answers if isinstance(answer, Unseen))
