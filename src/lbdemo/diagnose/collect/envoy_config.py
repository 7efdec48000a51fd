"""What a sidecar's Envoy was told about the service: its clusters, and what its listener does with connections."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lbdemo.diagnose.looks import EnvoyCluster, EnvoyRoute

if TYPE_CHECKING:
    from lbdemo.kube.records.services import Service

HTTP_MANAGER, TCP_PROXY = "http_connection_manager", "tcp_proxy"
ENDLESS = 1 << 31  # what Istio writes where nobody asked for a limit is above it
POLICIES = "lb_policy"
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)


def clusters_address(host: str, port: int) -> str:
    """Where Envoy's admin tells of the clusters for one port of a host."""
    return f"config_dump?resource=dynamic_active_clusters&name_regex=outbound\\|{port}\\|.*\\|{re.escape(host)}"


def listeners_address(service: Service, port: int) -> str:
    """Where it tells of the listeners that take connections to the service's address."""
    addresses = [ip for ip in service.cluster_ips if ip != "None"]
    names = "|".join(re.escape(address) for address in ("0.0.0.0", *addresses))
    return f"config_dump?resource=dynamic_listeners&name_regex=({names})_{port}"


def routes_address(port: int, host: str) -> str:
    """Where it tells of the routes of a port."""
    return f"config_dump?resource=dynamic_route_configs&name_regex=({port}|{re.escape(host)}:{port})"


def documents(text: str) -> list[Mapping[str, Any]]:
    """The configurations in a dump; [] for what is none, such as an older Envoy's error.

    The agent may say something before it: the dump begins where a line begins with a brace.
    """
    begins = 0 if text.startswith("{") else text.find("\n{") + 1
    try:
        return list(json.loads(text[begins:]).get("configs") or ())
    except (ValueError, AttributeError):
        return []


def clusters(pod: str, text: str) -> tuple[EnvoyCluster, ...]:
    """The clusters of a dump."""
    found = (each.get("cluster", each) for each in documents(text))
    return tuple(cluster(pod, item) for item in found if item.get("name"))


def cluster(pod: str, item: Mapping[str, Any]) -> EnvoyCluster:
    """One cluster, as its configuration has it."""
    common = item.get("common_lb_config") or {}
    options = item.get("typed_extension_protocol_options") or {}
    http: Mapping[str, Any] = next((value for name, value in options.items() if "HttpProtocolOptions" in name), {})
    limit = (http.get("common_http_protocol_options") or {}).get("max_requests_per_connection", 0)
    name = item["name"]
    parts = name.split("|")
    return EnvoyCluster(
        pod, name, item.get("type", "STATIC"), item.get(POLICIES, "ROUND_ROBIN"),
        http2=_speaks_http2(http) or "http2_protocol_options" in item,
        outlier_detection="outlier_detection" in item,
        locality="locality_weighted_lb_config" in common or "zone_aware_lb_config" in common,
        max_requests_per_connection=int(limit or item.get("max_requests_per_connection", 0) or 0),
        subset=parts[2] if len(parts) == 4 else "",
        max_streams=int(_http2(http).get("max_concurrent_streams", 0)), max_connections=_breaker(item),
    )  # fmt: skip


def _speaks_http2(options: Mapping[str, Any]) -> bool:
    explicit = options.get("explicit_http_config") or {}
    return "http2_protocol_options" in explicit or "use_downstream_protocol_config" in options


def _http2(options: Mapping[str, Any]) -> Mapping[str, Any]:
    return (options.get("explicit_http_config") or {}).get("http2_protocol_options") or {}


def _breaker(item: Mapping[str, Any]) -> int:
    """How many connections the cluster may have; 0 where so many are allowed that it is no limit."""
    told = (item.get("circuit_breakers") or {}).get("thresholds") or ()
    usual: Mapping[str, Any] = next((one for one in told if one.get("priority", "DEFAULT") == "DEFAULT"), {})
    most = int(usual.get("max_connections", 0))
    return most if most < ENDLESS else 0


def routes(
    pod: str, listeners: str, route_configs: str, host: str, port: int, addresses: Sequence[str] = ()
) -> tuple[EnvoyRoute, ...]:
    """What each listener does: reads requests and routes them, or passes connections on.

    `addresses` are the service's own.
    """
    routed = _routed(route_configs, host, port)
    return tuple(
        EnvoyRoute(pod, name, kind, found or (routed if kind == "http" else ()))
        for name, kind, found in _chosen(documents(listeners), host, port, {f"{one}_{port}" for one in addresses})
    )


Weighted = tuple[tuple[str, int], ...]


def _chosen(
    listeners: Sequence[Mapping[str, Any]], host: str, port: int, ours_alone: Collection[str]
) -> Iterator[tuple[str, str, Weighted]]:
    """Of each listener: its name, `http` or `tcp`, and the clusters that it names itself.

    A listener for all addresses of a port may have TCP beside HTTP: it passes on as TCP what names this host. One for
    the service's own address passes on all that comes, wherever it leads. One that
    looks at what comes first (the port says no protocol) has HTTP, and TCP for what is none: gRPC is read there.
    """
    for listener in listeners:
        active = (listener.get("active_state") or {}).get("listener") or {}
        chains, rest = active.get("filter_chains") or (), active.get("default_filter_chain") or {}
        own = active.get("name", "") in ours_alone
        ours, others = (_passed_on(some, host, port, anywhere=own) for some in (chains, (rest,)))
        reads = any(kind == "http" for kind, _ in _filters((*chains, rest)))
        if ours or (others and not reads):
            yield active.get("name", ""), "tcp", (ours or others)[0]
        elif reads:
            yield active.get("name", ""), "http", ()


def _passed_on(chains: Sequence[Mapping[str, Any]], host: str, port: int, *, anywhere: bool) -> list[Weighted]:
    """The clusters of this host (or of any) to which the chains pass connections on."""
    tcp = [_weighted(told) for kind, told in _filters(chains) if kind == "tcp"]
    return [clusters for clusters in tcp if anywhere or any(_for(name, host, port) for name, _ in clusters)]


def _filters(chains: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for each in (f for chain in chains for f in chain.get("filters") or ()):
        name = each.get("name", "")
        if HTTP_MANAGER in name:
            yield "http", each.get("typed_config") or {}
        elif TCP_PROXY in name:
            yield "tcp", each.get("typed_config") or {}


def _weighted(action: Mapping[str, Any]) -> Weighted:
    """The clusters that a route or a TCP filter may choose, with their weights."""
    if "cluster" in action:
        return ((action["cluster"], 100),)
    listed = (action.get("weighted_clusters") or {}).get("clusters") or ()
    return tuple((one["name"], int(one.get("weight", 0))) for one in listed)


def _for(cluster: str, host: str, port: int) -> bool:
    parts = cluster.split("|")
    return len(parts) == 4 and parts[1] == str(port) and parts[3] == host


def _routed(text: str, host: str, port: int) -> Weighted:
    """The clusters of the first route of the host's virtual host."""
    for config in documents(text):
        for virtual in (config.get("route_config") or {}).get("virtual_hosts") or ():
            if not {host, f"{host}:{port}"}.isdisjoint(virtual.get("domains") or ()):
                first: Mapping[str, Any] = next(iter(virtual.get("routes") or ()), {})
                return _weighted(first.get("route") or {})
    return ()
