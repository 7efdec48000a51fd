"""All causes over made-up services: which are told of each, in which order, and that no others are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from diagnose.meshes import encrypting, inside, passed_through, refused, refusing
from diagnose.shops import (
    LISTENS,
    NAMES,
    PORT,
    SHOP,
    aged,
    ambient,
    at_once,
    begun,
    caller,
    counted,
    envoy_looks,
    even,
    fronted,
    held,
    pod,
    renewing,
    route,
    servers,
    service,
    shop,
    socket_looks,
    waypoint,
)

from lbdemo.diagnose.causes import TABLE
from lbdemo.diagnose.diagnosis import diagnose
from lbdemo.diagnose.evidence import Caller, Evidence, Surroundings
from lbdemo.diagnose.findings import Finding, Severity
from lbdemo.diagnose.looks import (
    ESTABLISHED,
    LISTEN,
    SYN_SENT,
    TIME_WAIT,
    ClientLook,
    Complaint,
    EnvoyCluster,
    MetricsLook,
    PodCpu,
    PodNetwork,
    Socket,
    SocketLook,
)
from lbdemo.diagnose.ranking import Ranked
from lbdemo.kube.answers import Right, Unseen, Why
from lbdemo.kube.records.cluster import Namespace
from lbdemo.kube.records.istio import (
    Destination,
    DestinationRule,
    MeshRoute,
    PeerAuthentication,
    Subset,
    TrafficPolicy,
    VirtualService,
)
from lbdemo.kube.records.istio_listeners import ListenerRule, ToldListener
from lbdemo.kube.records.meta import Meta, Owner
from lbdemo.kube.records.pods import Container, Pod
from lbdemo.kube.records.workloads import Autoscaler, CronJob
from lbdemo.measure.verdict import Outcome

HOST = "payments.shop.svc.cluster.local"
A, B, C = ("10.0.0.1", "10.0.0.2", "10.0.0.3")
MESHED = "istio-proxy"
INJECTED = Namespace(Meta("Namespace", "", SHOP, {"istio-injection": "enabled"}), "Active", ())
PLAIN = Namespace(Meta("Namespace", "", SHOP), "Active", ())


def calls(who: Caller, *rates: int, **more: Any) -> dict[str, Any]:
    """A caller whose sidecar sends so many calls a turn to each pod."""
    addressed = dict(zip((A, B, C), rates, strict=False))
    return {"callers": [who], "envoys": envoy_looks(who, addressed, HOST, **more)}


def cluster(who: Caller, **told: Any) -> EnvoyCluster:
    return EnvoyCluster(who.name, f"outbound|8080||{HOST}", **{"type": "EDS", "balancer": "ROUND_ROBIN", **told})


def rule(policy: TrafficPolicy | None = None, namespace: str = SHOP, **more: Any) -> DestinationRule:
    return DestinationRule(Meta("DestinationRule", namespace, "payments"), "payments" if namespace == SHOP else HOST,
                           policy or TrafficPolicy(), **more)  # fmt: skip


def restarted(*names: str, namespace: str = SHOP, suspended: bool = False) -> Evidence:
    """A caller with one connection, and a CronJob that restarts these."""
    job = CronJob(Meta("CronJob", namespace, "nightly"), "0 3 * * *", names, suspended)
    return shop(held(1), callers=[caller("checkout")], segments=even(50, "payments-a"),
                surroundings=around(cron_jobs=(job,)))  # fmt: skip


def routed(*to: Destination, namespace: str = SHOP) -> VirtualService:
    return VirtualService(
        Meta("VirtualService", namespace, "payments"), ("payments",), ("mesh",), (MeshRoute("http", to),)
    )


def around(*, space: Namespace = PLAIN, **more: Any) -> Surroundings:
    return Surroundings(namespaces=(space,), **more)


def subset(name: str, **labels: str) -> Subset:
    return Subset(name, labels)


def pod_of(who: Caller) -> Pod:
    assert who.pod is not None
    return who.pod


def running(who: Caller, container: Container) -> Caller:
    return replace(who, pod=replace(pod_of(who), containers=(container,)))


CHECKOUT = caller("checkout")
SIDECAR = caller("checkout", proxy=MESHED)
LINKED = caller("checkout", proxy="linkerd-proxy")
SILENT = service(port=replace(PORT, name="pay", app_protocol=""))
FRONT = running(caller("front"), Container("proxy", "docker.example/envoyproxy/envoy:v1.39", running=True))
WAYPOINT = {"gateway.networking.k8s.io/gateway-class-name": "istio-waypoint"}
PROXIED = running(CHECKOUT, Container("app", "app:1", running=True, env={"HTTPS_PROXY": "p:3128"}))
POOLED = running(CHECKOUT, Container("app", "app:1", running=True, args=("--channels=5",)))


def asking_for(target: str, **env: str) -> Caller:
    """A caller that asks a control plane."""
    asks = Container("app", "app:1", running=True, args=(f"--target=xds:///{target}",), env=env)
    return replace(running(CHECKOUT, asks), found_by="environment")


def cut_off(by_pods: int = 30, by_itself: int = 0, *said: str) -> Evidence:
    """A caller none of whose connections lasts: so many were ended by a pod, and so many by itself."""
    there = tuple(Socket(A, LISTENS, "10.0.1.1", 41000 + n, TIME_WAIT) for n in range(by_pods))
    own = tuple(Socket("10.0.1.1", 51000 + n, "10.96.3.7", PORT.number, TIME_WAIT) for n in range(by_itself))
    seen = shop({}, callers=[DIALS])
    clients = tuple(ClientLook(DIALS.name, complaints=(Complaint(one, 5),)) for one in said)
    looks = (SocketLook(f"{SHOP}/payments-a", 12, 10.0, there), SocketLook(DIALS.name, 12, 10.0, own))
    return replace(seen, sockets=(*seen.sockets, *looks), clients=clients)


def told_of_port(port: int) -> Caller:
    """A caller that is told of the service at this port."""
    dials = Container("app", "app:1", running=True, env={"TARGET": f"payments:{port}"})
    return replace(running(CHECKOUT, dials), found_by="environment")


def upstream(kind: str) -> EnvoyCluster:
    return EnvoyCluster(FRONT.name, "upstream", kind, "ROUND_ROBIN", told_by="arguments")


STRANGER = Caller("10.0.9.9", ("10.0.9.9",), "sockets")
TURNS = running(CHECKOUT, Container("app", "app:1", running=True, args=("--policy=round_robin",)))
DOTNET = running(CHECKOUT, Container("app", "aspnet-app:1", running=True))
RESOLVES = running(CHECKOUT, Container("app", "app:1", running=True, args=("kubernetes:///payments:grpc",)))
DIALS = replace(running(CHECKOUT, Container("app", "app:1", running=True, env={"TARGET": "payments:8080"})),
                found_by="environment")  # fmt: skip
MISSPELT = Complaint("policy", 9, "round_robbin")
LOST = replace(caller("batch", 2), found_by="environment")
MESH_DIALS = replace(SIDECAR, pod=replace(pod_of(SIDECAR), containers=(
    *pod_of(SIDECAR).containers, Container("own", "app:1", running=True, args=("payments:8080",)))))  # fmt: skip
BLIND = Unseen("sockets", Why.FORBIDDEN, "pods/exec is forbidden", Right("create", "pods/exec"), "work")
REPLICAS = Owner("ReplicaSet", "payments-1a", "u", True)
HPA = Autoscaler(Meta("HorizontalPodAutoscaler", SHOP, "payments"), "Deployment", "payments", 1, 9, 3, 3, ())
VERSIONS = tuple(
    replace(one, meta=replace(one.meta, labels={"version": version}))
    for one, version in zip(servers(), ("old", "new", "new"), strict=True)
)
OWNED = tuple(
    replace(one, meta=replace(one.meta, labels={"pod-template-hash": "1a"}, owners=(REPLICAS,))) for one in servers()
)


def quiet_pod() -> Evidence:
    unready = pod("payments-b", B, ready=False)
    return shop(held(1), callers=[CHECKOUT], pods=(servers()[0], unready), segments=even(50))


def forwarded() -> Evidence:
    looks = tuple(
        SocketLook(look.pod, look.turn, look.at, (Socket("127.0.0.1", LISTENS, "127.0.0.1", 4000, ESTABLISHED, 7),))
        for look in socket_looks(servers()[0], {})
    )
    others = tuple(look for one in servers()[1:] for look in socket_looks(one, {}))
    return shop(sockets=(*looks, *others))


def silent() -> Evidence:
    return shop({}, callers=[replace(CHECKOUT, found_by="environment")])


def in_flight(limit: int) -> Evidence:
    """Two sidecars with two calls in flight each, and a limit."""
    callers = [caller(f"checkout-{number}", number, proxy=MESHED) for number in (1, 2)]
    return shop(
        callers=callers, envoys=tuple(look for one in callers for look in counted(one, (900, 900, 900), (1, 1, 0))),
        routes=tuple(map(route, callers)),
        surroundings=around(destination_rules=(rule(TrafficPolicy(max_requests=limit)),)),
    )  # fmt: skip


def counted_only() -> Evidence:
    looks = tuple(
        MetricsLook(f"shop/{name}", turn, float(turn), "grpc_server_started_total", 40 * turn * (name == NAMES[0]))
        for name in NAMES for turn in range(12)
    )  # fmt: skip
    return shop(callers=[replace(CHECKOUT, found_by="environment")], metrics=looks)


def with_hosts(**told: Any) -> Evidence:
    """A caller whose Envoy knows of the third pod what is told, and sends it nothing."""
    seen = calls(SIDECAR, 20, 20, 0)
    looks = tuple(
        replace(look, hosts=tuple(replace(host, **(told if host.address == C else {})) for host in look.hosts))
        for look in seen.pop("envoys")
    )
    outliers = around(destination_rules=(rule(TrafficPolicy(outlier_detection=True)),))
    return shop(**seen, envoys=looks, surroundings=outliers)


def in_zones(*rates: int, weighed: bool = True) -> Evidence:
    """A sidecar that draws a zone first, of which one has a single pod."""
    seen, zones = calls(SIDECAR, *rates), {A: "north", B: "south", C: "south"}
    looks = tuple(
        replace(look, hosts=tuple(replace(host, zone=zones[host.address]) for host in look.hosts))
        for look in seen.pop("envoys")
    )
    told = around(destination_rules=(rule(TrafficPolicy(locality=True)),))
    return shop(**seen, envoys=looks, surroundings=told,
                clusters=(cluster(SIDECAR, balancer="LEAST_REQUEST", locality=weighed),))  # fmt: skip


def stale() -> Evidence:
    seen = calls(SIDECAR, 20, 20, 20)
    gone = envoy_looks(SIDECAR, {"10.0.0.99": 3}, HOST)
    looks = tuple(
        replace(look, hosts=(*look.hosts, *(replace(h, calls_ok=0, calls_failed=h.calls_total) for h in lost.hosts)))
        for look, lost in zip(seen.pop("envoys"), gone, strict=True)
    )
    return shop(**seen, envoys=looks)


OLD_ENTRY = ListenerRule(Meta("ServiceEntry", SHOP, "old"), (ToldListener(8080, ("10.96.3.7",), "TCP"),),
                         hosts=("old.example",))  # fmt: skip


def spoken(mode: str, proxy: str) -> Evidence:
    """A sidecar none of whose calls is answered, and a rule that says what it speaks; pods with sidecars are strict."""
    strict = PeerAuthentication(Meta("PeerAuthentication", SHOP, "all"), "STRICT")
    around_it = around(destination_rules=(rule(TrafficPolicy(tls=mode)),), peer_authentications=(strict,))
    seen = shop(**calls(SIDECAR, 9, 9, 9), routes=(route(SIDECAR),), pods=servers(proxy=proxy), surroundings=around_it)
    return refusing(seen, lasting=True)


def past() -> Evidence:
    told = {"traffic.sidecar.istio.io/excludeOutboundPorts": "8080"}
    one = pod_of(SIDECAR)
    marked = replace(SIDECAR, pod=replace(one, meta=replace(one.meta, annotations=told)))
    return shop(held(1), callers=[marked], segments=even(50), envoys=envoy_looks(marked, {A: 0}, HOST))


def changing_connections(every: int) -> Evidence:
    """A caller whose connection to the first pod is another one after so many looks."""
    one, *others = servers()
    seen = socket_looks(one, {"10.0.1.1": 1})
    mine = (
        replace(look, sockets=tuple(replace(s, inode=100 + look.turn // every) for s in look.sockets)) for look in seen
    )
    return shop(callers=[CHECKOUT], sockets=(*mine, *(look for each in others for look in socket_looks(each, {}))))


def calls_in_flight(rate: int, *active: int) -> Evidence:
    """A sidecar that takes turns, with so many calls in flight at each pod."""
    seen = calls(SIDECAR, rate, rate, rate)
    running_ = dict(zip((A, B, C), active, strict=True))
    looks = tuple(
        replace(
            look,
            hosts=tuple(
                replace(host, calls_active=running_[host.address], connections_active=1) for host in look.hosts
            ),
        )
        for look in seen.pop("envoys")
    )
    return shop(**seen, envoys=looks, clusters=(cluster(SIDECAR),))


def calls_that_wait(*waiting: int, streams: int = 4) -> Evidence:
    """A sidecar with so many calls waiting at each pod in all looks, and so many that run on its connection."""
    seen = calls_in_flight(50, streams, streams, streams)
    by_address = dict(zip((A, B, C), waiting, strict=True))
    looks = tuple(
        replace(look, hosts=tuple(replace(host, calls_waiting=by_address[host.address]) for host in look.hosts))
        for look in seen.envoys
    )
    return replace(seen, envoys=looks)


def large_calls() -> Evidence:
    """Calls that the pods count alike, and that bring the first one five times as many bytes."""
    seen = shop(held(1, 1, 1), callers=[CHECKOUT], headless=True, segments=even(99))
    each = {f"shop/{name}": 50_000 if name == NAMES[0] else 10_000 for name in NAMES}
    looks = tuple(
        replace(look, sockets=tuple(
            replace(s, bytes_in=each[look.pod] * look.turn, bytes_out=0) for s in look.sockets))
        for look in seen.sockets
    )  # fmt: skip
    counters = tuple(
        MetricsLook(f"shop/{name}", turn, float(turn), "request_total", 900 * turn) for name in NAMES
        for turn in range(12)
    )  # fmt: skip
    return replace(seen, sockets=looks, metrics=counters)


def burning(*cores: float) -> Evidence:
    """Calls that the pods count alike, and so much CPU of each pod."""
    seen = large_calls()
    looks = tuple(
        replace(look, sockets=tuple(replace(s, bytes_in=None, bytes_out=None) for s in look.sockets))
        for look in seen.sockets
    )
    told = tuple(PodCpu(f"shop/{name}", one, "kubelets") for name, one in zip(NAMES, cores, strict=False))
    return replace(seen, sockets=looks, cpu=told)


def received(*many: int, seen: Evidence | None = None) -> Evidence:
    """Evenly counted calls (or what else was seen), and so many bytes of each pod by its kubelet."""
    told = tuple(PodNetwork(f"shop/{name}", one, one, "kubelets") for name, one in zip(NAMES, many, strict=False))
    return replace(seen or burning(), network=told)


def pod_that_leaves() -> Evidence:
    seen = shop(held(1, 1, 1), callers=[CHECKOUT], headless=True, segments=even(99))
    assert isinstance(seen.slices, tuple)
    first, *others = seen.slices[0].endpoints
    ends = (replace(first, ready=False, terminating=True), *others)
    return replace(seen, slices=(replace(seen.slices[0], endpoints=ends),))


def dials_what_is_gone() -> Evidence:
    looks = tuple(
        SocketLook(CHECKOUT.name, turn, float(turn), (Socket("10.0.1.1", 41000, "10.0.0.99", LISTENS, SYN_SENT, 9),))
        for turn in range(12)
    )
    return shop(held(1, 1, 1), callers=[CHECKOUT], headless=True, segments=even(99), sockets=looks)


def proxy_connected_to(address: str, *gone: str) -> Evidence:
    """A proxy that is connected to all pods, and to another address at their port."""
    own = Socket("10.0.1.1", 41000, address, LISTENS, ESTABLISHED, 9)
    look = SocketLook(FRONT.name, 0, 0.0, (own,))
    return shop(held(1, 1, 1), callers=[FRONT], headless=True, segments=even(99), sockets=(look,), gone=gone)


def both_families() -> Evidence:
    seen = shop(held(1, 1, 1), callers=[CHECKOUT], headless=True, segments=even(99))
    assert isinstance(seen.slices, tuple)
    six = replace(seen.slices[0], address_type="IPv6", endpoints=())
    listening = Socket("0.0.0.0", LISTENS, "", 0, LISTEN)
    looks = tuple(replace(look, sockets=(*look.sockets, listening)) for look in seen.sockets)
    return replace(seen, sockets=looks, slices=(*seen.slices, six))


def from_outside(*nodes: str) -> Evidence:
    pods = tuple(replace(one, node=node) for one, node in zip(servers(), nodes, strict=True))
    return shop(held(1, address="10.0.9.9"), callers=[STRANGER], pods=pods, about=service(external_policy="Local"))


Make = Callable[[], Evidence]
UNREADY_TOO = service(headless=True, unready_too=True)
CASES: Mapping[str, tuple[Make, tuple[str, ...]]] = {
    # nothing is wrong
    "round robin over a headless service": (
        lambda: shop(held(1, 1, 1), callers=[CHECKOUT], headless=True, segments=even(99)), ()),
    "sidecars that choose for each call": (lambda: shop(**calls(SIDECAR, 300, 300, 300), routes=(route(SIDECAR),)), ()),
    "sidecars, headless client too": (
        lambda: shop(**calls(SIDECAR, 300, 300, 300), routes=(route(SIDECAR),), clusters=(cluster(SIDECAR),)), ()),
    "a pool of many connections, evenly used": (
        lambda: shop(held(9, 9, 9), callers=[CHECKOUT], segments=even(400)), ()),
    "all pods are young, and came together": (
        lambda: shop(held(1, 1, 1), callers=[CHECKOUT], headless=True, pods=aged([0.5, 0.5, 0.5]),
                     segments=even(99)), ()),
    # per connection
    "one connection": (lambda: shop(held(1), callers=[CHECKOUT], segments=even(50)), ("LB101",)),
    "one connection, seen by sockets alone": (lambda: shop(held(1), callers=[CHECKOUT]), ("LB101",)),
    "one connection, seen by counters alone": (counted_only, ("LB101",)),
    "one connection, and an autoscaler": (
        lambda: shop(held(1), callers=[CHECKOUT], pods=OWNED, segments=even(50),
                     surroundings=around(autoscalers=(HPA,))), ("LB101", "LB204")),
    "evenly used, and an autoscaler": (
        lambda: shop(held(1, 1, 1), callers=[CHECKOUT], headless=True, pods=OWNED, segments=even(99),
                     surroundings=around(autoscalers=(HPA,))), ()),
    "a proxy before a cluster IP": (lambda: shop(held(1), callers=[FRONT], segments=even(50)), ("LB501",)),
    "a proxy of two pods, of which one has all clients": (
        lambda: shop(held(1, 1, 1), headless=True, segments=even(99), **fronted(4, 0)), ("LB502",)),
    "a proxy of two pods, with clients each": (
        lambda: shop(held(1, 1, 1), headless=True, segments=even(99), **fronted(2, 1)), ()),
    "a proxy that holds on to a pod that is gone": (lambda: proxy_connected_to("10.0.0.99", "10.0.0.99"), ("LB503",)),
    "a proxy of several services": (lambda: proxy_connected_to("10.0.0.99"), ()),
    "a waypoint of two pods, of which one has all clients": (
        lambda: shop(held(1, 1, 1), headless=True, segments=even(99), **fronted(4, 0, labels=WAYPOINT)), ("LB326",)),
    "pick first": (lambda: shop(held(1), callers=[CHECKOUT], headless=True, segments=even(50)), ("LB103",)),
    "pick first, past the HTTP proxy of its variables": (
        lambda: shop(held(1), callers=[PROXIED], headless=True, segments=even(50)), ("LB103",)),
    "an HTTP proxy that nobody knows": (
        lambda: shop(held(1, address="10.0.9.9"), callers=[PROXIED, STRANGER], headless=True), ("LB103", "LB104")),
    "an Envoy with the first of DNS's addresses": (
        lambda: shop(held(1), callers=[FRONT], headless=True, segments=even(50), clusters=(upstream("LOGICAL_DNS"),)),
        ("LB122",)),
    "an Envoy with all of DNS's addresses": (
        lambda: shop(held(1, 1, 1), callers=[FRONT], headless=True, segments=even(50),
                     clusters=(upstream("STRICT_DNS"),)), ()),
    "a few connections more than pods": (
        lambda: shop(held(4, 1, 0), callers=[CHECKOUT], segments=even(50, "payments-a")), ("LB114",)),
    "a pool that was there before all pods but one": (
        lambda: shop(held(6, 0, 0), callers=[begun(CHECKOUT, 30)], pods=at_once(60, 10, 10),
                     segments=even(50, "payments-a")), ("LB113",)),
    "a pool that came when all pods were ready": (
        lambda: shop(held(6, 0, 0), callers=[begun(CHECKOUT, 30)], pods=at_once(60, 60, 60),
                     segments=even(50, "payments-a")), ("LB114",)),
    "young pods that nobody knows": (
        lambda: shop(held(1, 1, 0, 0), callers=[CHECKOUT], headless=True, pods=aged([60, 60, 5, 5]),
                     segments=even(90)), ("LB107",)),
    "young pods that nobody knows, though connections are renewed": (
        lambda: renewing(shop(held(1, 1, 0, 0), callers=[CHECKOUT], headless=True, pods=aged([60, 60, 5, 5])), 2),
        ("LB108",)),
    "young pods that are known, and connections that are renewed": (
        lambda: renewing(shop(held(1, 1, 1, 1), callers=[CHECKOUT], headless=True, pods=aged([60, 60, 5, 5])), 2), ()),
    "young pods that somebody may still find": (
        lambda: shop(held(1, 1, 0, 0), callers=[CHECKOUT], headless=True, pods=aged([60, 60, 0.5, 0.5]),
                     segments=even(90)), ("LB201",)),
    "old pods that nobody knows": (
        lambda: shop(held(1, 1, 0, 0), callers=[CHECKOUT], headless=True, pods=aged([60, 60, 90, 90]),
                     segments=even(90)), ()),
    "the older, the more connections": (
        lambda: shop(held(16, 8, 2), callers=[CHECKOUT], headless=True, pods=aged([60, 40, 20]),
                     segments={n: {"10.0.1.1": s} for n, s in zip(NAMES, (60, 30, 10), strict=True)}), ("LB113",)),
    "the older, the more connections, by IPVS": (
        lambda: shop(held(16, 8, 2), callers=[CHECKOUT], pods=aged([60, 40, 20]),
                     surroundings=around(proxy_mode="ipvs"),
                     segments={n: {"10.0.1.1": s} for n, s in zip(NAMES, (60, 30, 10), strict=True)}),
        ("LB113", "LB404")),
    "the older, the more connections, in another mode": (
        lambda: shop(held(16, 8, 2), callers=[CHECKOUT], pods=aged([60, 40, 20]),
                     surroundings=around(proxy_mode="iptables"),
                     segments={n: {"10.0.1.1": s} for n, s in zip(NAMES, (60, 30, 10), strict=True)}), ("LB113",)),
    "as many connections in another order": (
        lambda: shop(held(8, 16, 2), callers=[CHECKOUT], headless=True, pods=aged([60, 40, 20]),
                     segments={n: {"10.0.1.1": s} for n, s in zip(NAMES, (60, 30, 10), strict=True)}), ()),
    "affinity": (
        lambda: shop(held(5), callers=[CHECKOUT], about=service(sticky=True), segments=even(50)), ("LB401",)),
    "affinity and one connection": (
        lambda: shop(held(1), callers=[CHECKOUT], about=service(sticky=True), segments=even(50)), ("LB101", "LB401")),
    "near pods only": (
        lambda: shop(held(1), callers=[CHECKOUT], about=service(internal_policy="Local"), segments=even(50)),
        ("LB101", "LB402")),
    "a preference that changes nothing": (
        lambda: shop(held(1, 1, 1), callers=[CHECKOUT], about=service(headless=True, distribution="PreferClose"),
                     segments=even(99)), ()),
    "pods that are not ready are published, and called": (
        lambda: shop(held(1, 1), callers=[CHECKOUT], about=UNREADY_TOO, segments=even(99),
                     pods=(servers()[0], pod("payments-b", B, ready=False))), ("LB202", "LB112")),
    # nothing to balance
    "one ready pod of two": (quiet_pod, ("LB202",)),
    "one pod": (lambda: shop(held(1), callers=[CHECKOUT], pods=servers(NAMES[:1]), segments=even(50)), ("LB202",)),
    "no pod": (lambda: shop({}, pods=()), ("LB202",)),
    "nobody calls": (silent, ("LB901",)),
    "a policy that no library knows": (
        lambda: shop({}, callers=[DIALS], clients=(ClientLook(DIALS.name, complaints=(MISSPELT,)),)),
        ("LB208", "LB901")),
    "a policy that no library knows, beside another caller": (
        lambda: shop(held(1, 1, 1), callers=[replace(TURNS, name="shop/other", addresses=("10.0.1.1",)), LOST],
                     segments=even(99), headless=True,
                     clients=(ClientLook(LOST.name, complaints=(MISSPELT,)),)), ("LB208",)),
    "a log that complained, of who is connected now": (
        lambda: shop(held(1, 1, 1), callers=[TURNS], headless=True, segments=even(99),
                     clients=(ClientLook(TURNS.name, complaints=(MISSPELT,)),)), ()),
    "plain text to pods of TLS": (cut_off, ("LB209",)),
    "the same, as far as the log knows": (lambda: cut_off(0, 0, "reset"), ("LB209", "LB901")),
    "connections that the caller ends, and nobody complains": (lambda: cut_off(0, 30), ("LB116",)),
    "connections that the caller ends, for no TLS comes about": (lambda: cut_off(0, 30, "certificate"), ("LB209",)),
    "a port that is not there": (lambda: shop({}, callers=[told_of_port(81)]), ("LB406", "LB901")),
    "a port that is there": (lambda: shop({}, callers=[told_of_port(8080)]), ("LB901",)),
    "a port-forward": (forwarded, ("LB903",)),
    # what clients were told, and what they do
    "one connection, by round robin": (
        lambda: shop(held(1), callers=[TURNS], segments=even(50)), ("LB101", "LB102")),
    "pick first, though told otherwise": (
        lambda: shop(held(1), callers=[TURNS], headless=True, segments=even(50)), ("LB103", "LB105")),
    "pick first, on .NET": (
        lambda: shop(held(1), callers=[DOTNET], headless=True, segments=even(50)), ("LB103", "LB106")),
    "round robin that nobody told of later pods": (
        lambda: shop(held(1), callers=[TURNS], headless=True, pods=aged([60, 5, 5]), segments=even(50)), ("LB107",)),
    "a service that was scaled just now": (
        lambda: shop(held(1), callers=[CHECKOUT], headless=True, pods=aged([60, 0.5, 0.5]), segments=even(50)),
        ("LB201",)),
    "a service that was scaled while it was watched": (
        lambda: replace(shop(held(1), callers=[CHECKOUT], headless=True, segments=even(50)), came=2),
        ("LB103", "LB201")),
    "an address that a client does not forget": (dials_what_is_gone, ("LB109",)),
    "a resolver without rights": (lambda: shop({}, callers=[RESOLVES]), ("LB110", "LB901")),
    "a control plane that nothing tells the client of": (
        lambda: shop({}, callers=[asking_for(f"{HOST}:8080")]), ("LB322", "LB901")),
    "a name that no control plane knows": (
        lambda: shop({}, callers=[asking_for(f"{HOST}:9090", GRPC_XDS_BOOTSTRAP="/b.json")]), ("LB322", "LB901")),
    "a control plane, and the right name": (
        lambda: shop({}, callers=[asking_for(f"{HOST}:8080", GRPC_XDS_BOOTSTRAP="/b.json")]), ("LB901",)),
    "a client by xDS": (
        lambda: shop(held(1, 1, 1), callers=[asking_for(f"{HOST}:8080", GRPC_XDS_BOOTSTRAP="/b.json")],
                     segments=even(99)), ()),
    "a port that nobody translates": (lambda: shop({}, callers=[DIALS], headless=True), ("LB111", "LB901")),
    "a connection for each call": (lambda: changing_connections(1), ("LB116",)),
    "connections of two seconds": (lambda: changing_connections(2), ("LB101", "LB119")),
    "connections of two seconds, and a log that says why": (
        lambda: replace(changing_connections(2), clients=(ClientLook(CHECKOUT.name, sent_away=3),)),
        ("LB101", "LB120")),
    "pings that another server refused, perhaps": (
        lambda: shop(held(1, 1, 1), callers=[CHECKOUT], headless=True, segments=even(99),
                     clients=(ClientLook(CHECKOUT.name, sent_away=1),)), ("LB120",)),
    "a log that says nothing of pings": (
        lambda: shop(held(1, 1, 1), callers=[CHECKOUT], headless=True, segments=even(99),
                     clients=(ClientLook(CHECKOUT.name, sent_away=0),)), ()),
    "streams by segments": (
        lambda: shop(held(1, 1, 1), callers=[CHECKOUT], headless=True,
                     segments={n: {"10.0.1.1": s} for n, s in zip(NAMES, (300, 30, 30), strict=True)}), ("LB117",)),
    "streams that a sidecar placed before others came": (lambda: calls_in_flight(0, 9, 2, 2), ("LB117",)),
    "streams that are placed well": (lambda: calls_in_flight(0, 4, 4, 4), ()),
    "a slow pod": (lambda: calls_in_flight(300, 1, 20, 1), ("LB203",)),
    "busy pods": (lambda: calls_in_flight(300, 20, 20, 20), ()),
    "calls that wait for a place on a connection": (lambda: calls_that_wait(9, 9, 9), ("LB118",)),
    "busy connections that take what comes": (lambda: calls_that_wait(0, 0, 0, streams=100), ()),
    "large calls to one pod": (large_calls, ("LB205",)),
    "calls that burn one pod": (lambda: burning(0.9, 0.2, 0.2), ("LB205",)),
    "pods that are busy alike": (lambda: burning(0.9, 0.6, 0.5), ()),
    "pods that are idle": (lambda: burning(0.09, 0.01, 0.01), ()),
    "bytes that come to one pod": (lambda: received(950_000, 50_000, 50_000), ("LB205",)),
    "bytes that come to all pods alike": (lambda: received(950_000, 850_000, 750_000), ()),
    "bytes of probes": (lambda: received(9_000, 900, 900), ()),
    "one pod of which no kubelet tells the bytes": (lambda: received(950_000, 50_000), ()),
    "bytes that come to one pod, and nothing else": (
        lambda: received(950_000, 50_000, 50_000, seen=shop(callers=[DIALS], unseen=(BLIND,))), ("LB902",)),
    "one pod of which nobody tells the CPU": (lambda: burning(0.9, 0.2), ()),
    "a pod that is called by its own name": (
        lambda: shop(held(1), callers=[begun(CHECKOUT, 5, "--target=payments-a.payments:9090")], headless=True,
                     segments=even(50)), ("LB124",)),
    "all pods called by their own names": (
        lambda: shop(held(1, 1, 1), callers=[begun(CHECKOUT, 5, *(f"{name}.payments.shop:9090" for name in NAMES))],
                     headless=True, segments=even(99)), ()),
    "a pod that leaves under its caller": (pod_that_leaves, ("LB206", "LB201")),
    "from outside, to nodes with unequally many pods": (lambda: from_outside("one", "two", "two"), ("LB403", "LB101")),
    "from outside, to nodes with as many pods": (lambda: from_outside("one", "two", "three"), ("LB101",)),
    "IPv4 only, of both families": (both_families, ("LB405",)),
    "nothing could be seen": (lambda: shop(callers=[DIALS], unseen=(BLIND,)), ("LB902",)),
    "five channels that share a connection": (
        lambda: shop(held(1), callers=[POOLED], segments=even(50), clients=(ClientLook(POOLED.name, core=True),)),
        ("LB101", "LB121")),
    "five channels of which nobody knows the library": (
        lambda: shop(held(1), callers=[POOLED], segments=even(50), clients=(ClientLook(POOLED.name),)), ("LB101",)),
    "five channels with a connection to each pod": (
        lambda: shop(held(1, 1, 1), callers=[POOLED], headless=True, segments=even(99),
                     clients=(ClientLook(POOLED.name, core=True),)), ()),
    "calls that are too few to judge": (
        lambda: shop(held(1, 1, 1), callers=[CHECKOUT], headless=True, segments=even(1)), ()),
    "a sidecar with few calls": (lambda: shop(**calls(SIDECAR, 1, 0, 1), routes=(route(SIDECAR),)), ()),
    # the mesh
    "TCP by what is counted": (
        lambda: shop(held(1), **calls(SIDECAR, 3, 0, 0, tcp=True), about=SILENT), ("LB301",)),
    "TCP by its listener": (
        lambda: shop(held(1), **calls(SIDECAR, 0, 0, 0), routes=(route(SIDECAR, "tcp"),), segments=even(50),
                     about=SILENT), ("LB301",)),
    "TCP though the port says gRPC": (
        lambda: shop(held(1), **calls(SIDECAR, 0, 0, 0), routes=(route(SIDECAR, "tcp"),), segments=even(50)),
        ("LB318",)),
    "an address that a ServiceEntry leads elsewhere": (
        lambda: shop({}, callers=[SIDECAR], envoys=envoy_looks(SIDECAR, {A: 0}, HOST),
                     routes=(route(SIDECAR, "tcp", ("outbound|8080||old.example", 100)),),
                     surroundings=around(listener_rules=(OLD_ENTRY,))), ("LB329", "LB901")),
    "a port that says gRPC, where something else listens": (
        lambda: refusing(shop(**calls(SIDECAR, 90, 90, 90), routes=(route(SIDECAR),))), ("LB302",)),
    "a port that says gRPC, where a program fails": (
        lambda: refusing(shop(**calls(SIDECAR, 90, 90, 90), routes=(route(SIDECAR),)), lasting=True), ("LB207",)),
    "something else behind sidecars": (lambda: inside("payments-a", "payments-b"), ("LB302",)),
    "a program that fails behind sidecars": (lambda: inside("payments-a", "payments-b", connections=0), ("LB207",)),
    "a client that speaks TLS to its sidecar": (lambda: encrypting(0, 0, 0), ("LB302",)),
    "a client that had to do with TLS elsewhere": (lambda: encrypting(0, 0, 0, logged=0), ("LB901",)),
    "an address that the sidecar does not know": (
        lambda: shop(held(1), callers=[SIDECAR], envoys=passed_through(SIDECAR), segments=even(50)), ("LB306",)),
    "ambient mode without a waypoint": (ambient, ("LB325",)),
    "ambient mode with a waypoint that is for workloads": (
        lambda: ambient(use="way", waypoints=(waypoint("way", {"istio.io/waypoint-for": "workload"}),)), ("LB325",)),
    "a label of ambient mode, and another mode": (lambda: ambient(mode="none", redirected=False), ("LB101",)),
    "ambient mode, and clients that choose": (lambda: ambient(connections=(1, 1, 1)), ()),
    "a pod's address that the network gave the sidecar": (
        lambda: shop(held(1), callers=[MESH_DIALS], envoys=passed_through(MESH_DIALS, A, LISTENS), segments=even(50)),
        ("LB408",)),
    "a pod's address that somebody may have dialled": (
        lambda: shop(held(1), callers=[SIDECAR], envoys=passed_through(SIDECAR, A, LISTENS), segments=even(50)),
        ("LB306", "LB408")),
    "Linkerd, told to leave the port alone": (
        lambda: shop(held(1), callers=[LINKED], segments=even(50), about=service(
            port=replace(PORT, app_protocol=""), meta={"annotations": {"config.linkerd.io/opaque-ports": "8080"}})),
        ("LB508",)),
    "Linkerd, which reads calls": (
        lambda: shop(held(1, 1, 1), callers=[LINKED], segments=even(99),
                     about=service(port=replace(PORT, app_protocol=""))), ()),
    "a gateway that refuses the port": (
        lambda: shop(held(1, 1, 1), callers=[CHECKOUT], headless=True, segments=even(99),
                     surroundings=around(routes=(refused(),))), ("LB509",)),
    "servers in the mesh, caller outside": (
        lambda: shop({"payments-a": {"10.0.1.1": 1}}, callers=[CHECKOUT], pods=servers(proxy=MESHED),
                     segments=even(50), surroundings=around()), ("LB303",)),
    "the label is younger than the caller": (
        lambda: shop({"payments-a": {"10.0.1.1": 1}}, callers=[CHECKOUT], pods=servers(proxy=MESHED),
                     segments=even(50), surroundings=around(space=INJECTED)), ("LB304",)),
    "past the sidecar": (past, ("LB305",)),
    "nothing but mutual TLS": (
        lambda: shop({}, callers=[replace(CHECKOUT, found_by="asked")], pods=servers(proxy=MESHED), surroundings=around(
            peer_authentications=(PeerAuthentication(Meta("PeerAuthentication", SHOP, "all"), "STRICT"),))),
        ("LB307", "LB901")),
    "plain text that a rule has sidecars send": (lambda: spoken("DISABLE", "istio-proxy"), ("LB307",)),
    "TLS of its own that a rule has sidecars speak": (lambda: spoken("SIMPLE", "istio-proxy"), ("LB328",)),
    "mutual TLS that a rule has sidecars speak": (lambda: spoken("ISTIO_MUTUAL", ""), ("LB327",)),
    "mutual TLS, to pods that take it": (lambda: spoken("ISTIO_MUTUAL", "istio-proxy"), ()),
    "mutual TLS, but not of this port": (
        lambda: shop({}, callers=[replace(CHECKOUT, found_by="asked")], pods=servers(proxy=MESHED), surroundings=around(
            peer_authentications=(PeerAuthentication(Meta("PeerAuthentication", SHOP, "all"), "STRICT",
                                                     ports={LISTENS: "PERMISSIVE"}),))), ("LB901",)),
    "a headless service through a sidecar": (
        lambda: shop(**calls(SIDECAR, 300, 0, 0), about=service(headless=True)), ("LB308",)),
    "an address that is gone": (stale, ("LB309",)),
    "subsets that leave pods out": (
        lambda: shop(**calls(SIDECAR, 300, 0, 0), surroundings=around(
            destination_rules=(rule(subsets=(subset("new", version="new"),)),),
            virtual_services=(routed(Destination("payments", "new")),))), ("LB310",)),
    "a subset of weight 0": (
        lambda: shop(**calls(SIDECAR, 300, 0, 0), pods=VERSIONS, surroundings=around(
            destination_rules=(rule(subsets=(subset("old", version="old"), subset("new", version="new"))),),
            virtual_services=(routed(Destination("payments", "old", weight=100),
                                     Destination("payments", "new", weight=0)),))), ("LB312",)),
    "weights": (
        lambda: shop(**calls(SIDECAR, 240, 30, 30), surroundings=around(virtual_services=(
            routed(Destination("payments", "", weight=80), Destination("other", "", weight=20)),))), ("LB312",)),
    "weights, by least request": (
        lambda: shop(**calls(SIDECAR, 240, 30, 30), clusters=(cluster(SIDECAR, balancer="LEAST_REQUEST"),),
                     surroundings=around(virtual_services=(
            routed(Destination("payments", "", weight=80), Destination("other", "", weight=20)),))), ("LB312",)),
    "a route of a gateway's only": (
        lambda: shop(**calls(SIDECAR, 300, 300, 300), surroundings=around(
            virtual_services=(replace(routed(Destination("payments", "new")), gateways=("edge",)),))), ("LB323",)),
    "a website's route to the service": (
        lambda: shop(**calls(SIDECAR, 300, 300, 300), surroundings=around(virtual_services=(
            replace(routed(Destination("payments")), hosts=("pay.example.com",), gateways=("edge",)),))), ()),
    "a rule in a third namespace": (
        lambda: shop(**calls(SIDECAR, 300, 300, 300), surroundings=around(destination_rules=(rule(namespace="ops"),))),
        ("LB313",)),
    "a rule of its own namespace": (
        lambda: shop(**calls(SIDECAR, 300, 300, 300), surroundings=around(destination_rules=(rule(),))), ()),
    "zones by outlier detection": (lambda: with_hosts(priority=1), ("LB314",)),
    "zones by their weights": (lambda: in_zones(240, 30, 30), ("LB315",)),
    "zones of which none is preferred": (lambda: in_zones(240, 190, 190, weighed=False), ("LB319",)),
    "zones by their weights, with as many pods": (lambda: in_zones(300, 300, 300), ()),
    "an ejected pod": (lambda: with_hosts(unhealthy=("failed_outlier_check",)), ("LB316",)),
    "a hash": (
        lambda: shop(**calls(SIDECAR, 300, 0, 0), clusters=(cluster(SIDECAR, balancer="RING_HASH"),)), ("LB317",)),
    "least request, not quite even": (
        lambda: shop(**calls(SIDECAR, 30, 24, 25), clusters=(cluster(SIDECAR, balancer="LEAST_REQUEST"),)), ("LB319",)),
    "a limit for each of two sidecars": (lambda: in_flight(3), ("LB320",)),
    "a limit that two sidecars keep together": (lambda: in_flight(4), ()),
    "a connection for a few calls": (
        lambda: shop(**calls(SIDECAR, 300, 300, 300), surroundings=around(
            destination_rules=(rule(TrafficPolicy(requests_per_connection=1)),))), ("LB321",)),
    "a caller that is restarted each night": (lambda: restarted("deployment/checkout"), ("LB101", "LB123")),
    "a neighbour that is": (lambda: restarted("deployment/search"), ("LB101",)),
    "a caller that is not restarted any more": (
        lambda: restarted("deployment/checkout", suspended=True), ("LB101",)),
    "a caller that is restarted, elsewhere": (
        lambda: restarted("deployment/checkout", namespace="elsewhere"), ("LB101",)),
    "a connection for many calls": (
        lambda: shop(**calls(SIDECAR, 300, 300, 300), surroundings=around(
            destination_rules=(rule(TrafficPolicy(requests_per_connection=10_000)),))), ()),
}  # fmt: skip
NOTES = {"LB201", "LB205", "LB312", "LB317", "LB319", "LB320", "LB323", "LB901", "LB902"}


@pytest.mark.parametrize("name", CASES)
def test_these_are_told_in_this_order_and_no_others(name: str) -> None:
    make, expected = CASES[name]

    found = diagnose(make()).findings

    assert tuple(finding.code for finding in found) == expected
    for finding in found:
        assert finding.evidence, "a finding without evidence convinces nobody"
        assert 0 <= finding.explains <= 1
        if finding.code in NOTES:
            assert finding.severity is Severity.NOTE


HEALTHY = [name for name, (_, expected) in CASES.items() if not expected]


@pytest.mark.parametrize("name", HEALTHY)
def test_of_healthy_services_nothing_is_said_to_be_a_problem_whatever_could_not_be_seen(name: str) -> None:
    seen = CASES[name][0]()
    one = seen.callers[0].name
    partly = (
        replace(seen, sockets=tuple(look for look in seen.sockets if look.pod == "shop/payments-a")),
        replace(seen, sockets=(), metrics=()),
        replace(seen, envoys=(), clusters=(), routes=()),
        replace(seen, servers=BLIND, surroundings=Surroundings(namespaces=BLIND, nodes=BLIND, autoscalers=BLIND)),
        replace(seen, callers=tuple(replace(c, pod=None) if c.name == one else c for c in seen.callers)),
        replace(seen, callers=()),
    )

    for less in partly:
        grave = [f.code for f in diagnose(less).findings if f.severity is Severity.PROBLEM]

        assert grave == []


def test_every_cause_is_told_of_some_case() -> None:
    assert {code for _, expected in CASES.values() for code in expected} == set(TABLE)


def test_an_uneven_service_of_which_nothing_is_known_is_said_to_be_unexplained() -> None:
    found = diagnose(shop(**calls(SIDECAR, 300, 0, 0), routes=(route(SIDECAR),)))

    assert found.case.judged.outcome is Outcome.PINNED
    assert found.findings == ()
    assert found.unexplained


def test_codes_can_be_ignored_by_option_and_by_the_services_own_annotation() -> None:
    marked = replace(service(), meta=replace(service().meta, annotations={"lbdemo.dev/ignore": "LB401 lb402"}))
    seen = shop(held(1), callers=[CHECKOUT], about=replace(marked, sticky=True), segments=even(50))

    assert [f.code for f in diagnose(seen).findings] == ["LB101"]
    assert diagnose(seen).said.ignored == ("LB401",)
    assert [f.code for f in diagnose(seen, ["LB101"]).findings] == []


def test_what_follows_from_another_is_told_after_it() -> None:
    found = diagnose(CASES["one connection, and an autoscaler"][0]()).findings

    assert found[0].explains == 1
    assert "LB101" in found[1].follows_from


@pytest.mark.parametrize(
    ("severity", "explains", "unwanted"),
    [
        (Severity.RISK, 1.0, True),
        (Severity.NOTE, 1.0, False),
        (Severity.NOTE, 0.0, True),
        (Severity.PROBLEM, 1.0, True),
    ],
)
def test_uneven_calls_are_nobodys_wish_unless_something_was_told_to_do_that(
    severity: Severity, explains: float, unwanted: bool
) -> None:
    seen = diagnose(shop(**calls(SIDECAR, 300, 0, 0), routes=(route(SIDECAR),)))
    found = Finding("LB999", "made-up", "It is.", severity, (), explains=explains)

    assert replace(seen, said=Ranked((found,), ())).unwanted is unwanted


def test_even_calls_are_never_unwanted() -> None:
    assert not diagnose(shop(**calls(SIDECAR, 300, 300, 300), routes=(route(SIDECAR),))).unwanted
