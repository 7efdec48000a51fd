"""Made-up services with their callers, for rules: what would have been seen of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from lbdemo.diagnose.evidence import Caller, Evidence, Front, Surroundings
from lbdemo.diagnose.looks import ESTABLISHED, LISTEN, EnvoyHost, EnvoyLook, EnvoyRoute, Socket, SocketLook
from lbdemo.kube.answers import Unseen
from lbdemo.kube.records.cluster import Namespace
from lbdemo.kube.records.gateways import Gateway
from lbdemo.kube.records.meta import Condition, Meta
from lbdemo.kube.records.pods import Container, Pod
from lbdemo.kube.records.services import Endpoint, EndpointPort, EndpointSlice, Service, ServicePort

SHOP = "shop"
PORT = ServicePort(8080, "grpc", "grpc", app_protocol="grpc")
LISTENS = 9090
CLUSTER_IP = "10.96.3.7"
TURNS = 12
SECONDS = 10.0
NAMES = ("payments-a", "payments-b", "payments-c")
MADE = "2026-11-26T12:00:00Z"
"""When the shop was seen."""


def pod(
    name: str, address: str = "", namespace: str = SHOP, *, proxy: str = "", ready: bool = True, **more: Any
) -> Pod:
    """A running pod, with a native sidecar of the name `proxy` if one is given."""
    containers = [Container("app", f"registry.example/{name}:1", ready=ready, running=True)]
    if proxy:
        containers.insert(0, Container(proxy, "proxyv2", init=True, always=True, ready=True, running=True))
    meta = replace(Meta("Pod", namespace, name), **more.pop("meta", {}))
    conditions = (Condition("Ready", "True" if ready else "False"),)
    return Pod(meta, "Running", "node-1", (address,) if address else (), tuple(containers), conditions, **more)


def service(name: str = "payments", *, headless: bool = False, port: ServicePort = PORT, **more: Any) -> Service:
    ips = ("None",) if headless else (CLUSTER_IP,)
    meta = replace(Meta("Service", SHOP, name), **more.pop("meta", {}))
    return Service(meta, "ClusterIP", ips, (port,), {"app": name}, **more)


def servers(names: Sequence[str] = NAMES, *, proxy: str = "") -> tuple[Pod, ...]:
    return tuple(pod(name, f"10.0.0.{number}", proxy=proxy) for number, name in enumerate(names, 1))


def born(minutes: float) -> str:
    """When something was made that is so many minutes old."""
    return (datetime.fromisoformat(MADE) - timedelta(minutes=minutes)).isoformat()


def aged(minutes: Sequence[float]) -> tuple[Pod, ...]:
    """The pods, so many minutes old."""
    pods = servers([*NAMES, "payments-d"][: len(minutes)])
    return tuple(
        replace(one, meta=replace(one.meta, created=born(age))) for one, age in zip(pods, minutes, strict=True)
    )


def at_once(*minutes: float) -> tuple[Pod, ...]:
    """Pods that were made together an hour ago, and became ready so many minutes ago."""
    return tuple(
        replace(one, conditions=(Condition("Ready", "True", since=born(ago)),))
        for one, ago in zip(aged([60] * len(minutes)), minutes, strict=True)
    )


def begun(who: Caller, minutes: float, *args: str) -> Caller:
    """The caller, made an hour ago, whose program has run for so many minutes."""
    assert who.pod is not None
    program = replace(who.pod.containers[-1], args=args, started=born(minutes))
    meta = replace(who.pod.meta, created=born(60))
    return replace(who, pod=replace(who.pod, meta=meta, containers=(*who.pod.containers[:-1], program)))


def held(*counts: int, address: str = "10.0.1.1") -> dict[str, dict[str, int]]:
    """So many connections of one address to each of the pods."""
    return {name: {address: count} for name, count in zip([*NAMES, "payments-d"], counts, strict=False) if count}


def even(segments: int, *names: str) -> dict[str, dict[str, int]]:
    """So many segments a turn of one address to each of the pods."""
    return {name: {"10.0.1.1": segments} for name in names or NAMES}


def slices(pods: Sequence[Pod], *, port: ServicePort = PORT, listens: int = LISTENS) -> tuple[EndpointSlice, ...]:
    endpoints = tuple(
        Endpoint(one.addresses, ready=one.ready, serving=one.ready, terminating=False, target_kind="Pod",
                 target=one.name, node=one.node)
        for one in pods
    )  # fmt: skip
    return (EndpointSlice(Meta("EndpointSlice", SHOP, "payments-x"), "IPv4", (EndpointPort(listens, port.name),),
                          endpoints),)  # fmt: skip


def caller(name: str, number: int = 1, *, proxy: str = "", namespace: str = SHOP, **more: Any) -> Caller:
    address = f"10.0.1.{number}"
    one = pod(name, address, namespace, proxy=proxy, **more)
    return Caller(f"{namespace}/{name}", (address,), "sockets", one, f"deployment/{name}")


def socket_looks(
    server: Pod, held: Mapping[str, int], turns: int = TURNS, *, port: int = LISTENS,
    segments: Mapping[str, int] | None = None, new_each_turn: bool = False,
) -> tuple[SocketLook, ...]:  # fmt: skip
    """Looks at a server that holds so many connections of each address; `segments` more come from each a turn."""

    def socket(turn: int, address: str, number: int) -> Socket:
        inode = hash((server.name, address, number, turn if new_each_turn else 0)) & 0xFFFFFF
        seen = None if segments is None else segments.get(address, 0) * (turn + 1)
        return Socket(
            server.addresses[0], port, address, 40000 + number, ESTABLISHED, inode, segments_in=seen, segments_out=seen
        )

    return tuple(
        SocketLook(
            f"{server.meta.namespace}/{server.name}", turn, turn * SECONDS / (turns - 1),
            tuple(socket(turn, address, number) for address, most in held.items() for number in range(most)),
        )
        for turn in range(turns)
    )  # fmt: skip


def envoy_looks(
    who: Caller, rates: Mapping[str, int], host: str, *, tcp: bool = False, turns: int = TURNS, subset: str = "",
    port: int = PORT.number,
) -> tuple[EnvoyLook, ...]:  # fmt: skip
    """Looks at a caller's Envoy that sends so many calls a turn to each address; with `tcp` so many connections."""
    cluster = f"outbound|{port}|{subset}|{host}"

    def seen(turn: int, address: str, rate: int) -> EnvoyHost:
        calls = rate * (turn + 1)
        return EnvoyHost(
            cluster, address, LISTENS, calls_total=calls, calls_ok=0 if tcp else calls,
            connections_total=calls if tcp else min(calls, 1), connections_active=min(calls, 1),
        )  # fmt: skip

    return tuple(
        EnvoyLook(who.name, turn, turn * SECONDS / (turns - 1),
                  tuple(seen(turn, address, rate) for address, rate in rates.items()))
        for turn in range(turns)
    )  # fmt: skip


def dialling(who: Caller, connections: int = 1, state: str = ESTABLISHED) -> tuple[SocketLook, ...]:
    """A look at the caller's own sockets, which lead to the Service's address."""
    return own_look(who, *[(CLUSTER_IP, PORT.number)] * connections, state=state)


def own_look(who: Caller, *ends: tuple[str, int], state: str = ESTABLISHED) -> tuple[SocketLook, ...]:
    """A look at the caller's own sockets, which lead there."""
    sockets = (Socket(who.addresses[0], 41000 + n, *end, state, 7 + n) for n, end in enumerate(ends))
    return (SocketLook(who.name, 0, 0.0, tuple(sockets)),)


def renewing(seen: Evidence, times: int, server: str = "payments-a") -> Evidence:
    """The evidence with the connections to one server that were renewed so many times meanwhile."""

    def look(one: SocketLook) -> SocketLook:
        if one.pod != f"{SHOP}/{server}":
            return one
        age = min(times, one.turn * (times + 1) // TURNS)
        return replace(one, sockets=tuple(replace(s, inode=1000 + age) for s in one.sockets))

    return replace(seen, sockets=tuple(map(look, seen.sockets)))


def counted(who: Caller, calls: Sequence[int], active: Sequence[int] = ()) -> tuple[EnvoyLook, ...]:
    """Looks at a caller's Envoy that sends so many calls to each pod in all, one after the other."""
    cluster = f"outbound|{PORT.number}||payments.{SHOP}.svc.cluster.local"
    flying = active or [0] * len(calls)

    def seen(turn: int, number: int) -> EnvoyHost:
        done = 1 + round(calls[number] * turn / (TURNS - 1))
        return EnvoyHost(cluster, f"10.0.0.{number + 1}", LISTENS, calls_total=done, calls_ok=done,
                         calls_active=flying[number], connections_total=1, connections_active=1)  # fmt: skip

    return tuple(
        EnvoyLook(who.name, turn, turn * SECONDS / (TURNS - 1), tuple(seen(turn, n) for n in range(len(calls))))
        for turn in range(TURNS)
    )


def fronted(*clients: int, labels: Mapping[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """Proxies in front, of which the first one calls; each holds so many connections of clients."""
    first = caller("front-1", **more)
    assert first.pod is not None
    meta = replace(first.pod.meta, labels={"app": "front", **(labels or {})})
    pods = tuple(
        replace(first.pod, meta=replace(meta, name=f"front-{n}"), addresses=(f"10.0.1.{n}",))
        for n in range(1, len(clients) + 1)
    )
    door = Service(Meta("Service", SHOP, "front"), "ClusterIP", ("10.96.9.9",), (ServicePort(80, "grpc", 10000),),
                   {"app": "front"})  # fmt: skip
    return {
        "callers": [replace(first, pod=pods[0])],
        "fronts": (Front(SHOP, "deployment/front", pods, (door,)),),
        "sockets": tuple(_front_look(one, held) for one, held in zip(pods, clients, strict=True)),
    }


def _front_look(one: Pod, held: int) -> SocketLook:
    own = one.addresses[0]
    door = Socket("0.0.0.0", 10000, "", 0, LISTEN)
    came = tuple(Socket(own, 10000, "10.0.7.7", 41000 + number, ESTABLISHED, number + 1) for number in range(held))
    others = (Socket(own, 50001, "10.0.0.1", LISTENS, ESTABLISHED, 99),
              Socket("127.0.0.1", 10000, "127.0.0.1", 50002, ESTABLISHED, 98))  # fmt: skip
    return SocketLook(f"{one.meta.namespace}/{one.name}", 0, 0.0, (door, *came, *others))


def ambient(
    *, mode: str = "ambient", redirected: bool = True, use: str = "", waypoints: tuple[Gateway, ...] | Unseen = (),
    outside: bool = False, connections: Sequence[int] = (1,),
) -> Evidence:  # fmt: skip
    """A service of Istio's ambient mode, bound to the waypoint `use`; the caller may be of another namespace."""
    told: dict[str, Any] = {"meta": {"annotations": {"ambient.istio.io/redirection": "enabled"} if redirected else {}}}
    pods = tuple(pod(name, f"10.0.0.{number}", **told) for number, name in enumerate(NAMES, 1))
    who = caller("checkout", namespace="front") if outside else caller("checkout", **told)
    labels = {"istio.io/use-waypoint": use} if use else {}
    spaces = (Namespace(Meta("Namespace", "", SHOP, {"istio.io/dataplane-mode": mode}), "Active", ()),
              Namespace(Meta("Namespace", "", "front"), "Active", ()))  # fmt: skip
    return shop(
        held(*connections), callers=[who], pods=pods, segments=even(50, *NAMES[: len(connections)]),
        about=service(meta={"labels": labels}),
        surroundings=Surroundings(namespaces=spaces, gateways=waypoints),
    )  # fmt: skip


def waypoint(name: str, labels: Mapping[str, str] | None = None) -> Gateway:
    return Gateway(Meta("Gateway", SHOP, name, labels or {}), "istio-waypoint", (),
                   conditions=(Condition("Programmed", "True"),))  # fmt: skip


def route(who: Caller, kind: str = "http", *clusters: tuple[str, int]) -> EnvoyRoute:
    return EnvoyRoute(who.name, f"{CLUSTER_IP}_{PORT.number}", kind, clusters)


def shop(
    held: Mapping[str, Mapping[str, int]] | None = None, *, callers: Sequence[Caller] = (),
    pods: Sequence[Pod] | None = None, headless: bool = False, about: Service | None = None,
    surroundings: Surroundings | None = None, segments: Mapping[str, Mapping[str, int]] | None = None, **more: Any,
) -> Evidence:  # fmt: skip
    """A service with its pods; `held` says by server which address holds how many connections (None: no sockets seen).

    `segments` says by server how many segments a turn come from each address.
    """
    there = tuple(servers() if pods is None else pods)
    looks: tuple[SocketLook, ...] = ()
    if held is not None:
        each = (
            socket_looks(one, held.get(one.name, {}), segments=None if segments is None else segments.get(one.name, {}))
            for one in there
        )
        looks = tuple(look for many in each for look in many)
    one = about or service(headless=headless)
    return Evidence(
        one, one.ports[0], slices(there, port=one.ports[0]), there, tuple(callers), surroundings or Surroundings(),
        sockets=more.pop("sockets", ()) + looks, made=MADE, watched=SECONDS, **more,
    )  # fmt: skip
