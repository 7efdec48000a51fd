"""What a sidecar's Envoy counts for each host: its `/clusters`, as text, of which a shell keeps what is needed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from lbdemo.diagnose.collect.socket_script import plain
from lbdemo.diagnose.looks import EnvoyHost

PASSTHROUGH = "PassthroughCluster"
HEALTHY = "healthy"
PILOT = "pilot-agent request GET clusters"
# The hosts' names are given as a word of its own, a line each, so that nothing in them is anything but letters to grep.
SHELL = (
    'n=0; while [ "$n" -lt "$1" ]; do all=$(pilot-agent request GET clusters) || exit 127; echo @look; echo @clusters; '
    'printf "%s\\n" "$all" | grep -F -e "$3" -e PassthroughCluster || [ "$?" -eq 1 ] || exit 127; n=$((n+1)); '
    'if [ "$n" -lt "$1" ]; then sleep "$2" 2>/dev/null || sleep 1; fi; done'
)
READ = "@clusters"
"""The line by which the shell says that Envoy has answered: of this service it may know nothing."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """A way to look at an Envoy's hosts: with a shell, of the clusters of `names` only; else all each time."""

    names: tuple[str, ...]
    program: str = "sh"
    repeated: bool = False

    def shows(self, lines: Iterable[str]) -> bool:
        """Whether Envoy has answered."""
        return any("::" in line or line.strip() == READ for line in lines)

    def command(self, turns: int, pause: float) -> list[str]:
        """The words to run in the container."""
        if self.repeated:
            return ["pilot-agent", "request", "GET", "clusters"]
        return ["sh", "-c", SHELL, "sh", str(turns), f"{pause:.3f}", "\n".join(self.names)]


def ways(names: tuple[str, ...]) -> tuple[Clusters, ...]:
    """The best first: the proxy's image may have no shell."""
    return (Clusters(names), Clusters(names, "pilot-agent", repeated=True))


def hosts(lines: Iterable[str], names: Collection[str]) -> tuple[EnvoyHost, ...]:
    """The hosts of the clusters of these DNS names, and of the passthrough cluster.

    Lines are CLUSTER::ADDRESS:PORT::NAME::VALUE.
    """
    found: dict[tuple[str, str], dict[str, str]] = {}
    for line in lines:
        cluster, *rest = line.strip().split("::")
        if len(rest) < 3 or not (cluster.rpartition("|")[2] in names or cluster == PASSTHROUGH):
            continue
        address, name, value = "::".join(rest[:-2]), rest[-2], rest[-1]
        if ":" in address:
            found.setdefault((cluster, address), {})[name] = value
    return tuple(_host(cluster, address, told) for (cluster, address), told in found.items())


def _host(cluster: str, address: str, told: Mapping[str, str]) -> EnvoyHost:
    name, _, port = address.rpartition(":")
    flags = told.get("health_flags", HEALTHY)

    def number(key: str) -> int:
        return int(told.get(key) or 0)

    return EnvoyHost(
        cluster, _address(name), int(port) if port.isdigit() else 0, number("rq_total"), number("rq_success"),
        number("rq_error"), number("rq_active"), number("cx_total"), number("cx_active"), number("cx_connect_fail"),
        number("weight") or 1, number("priority"), told.get("zone", ""),
        () if flags == HEALTHY else tuple(flag for flag in flags.split("/") if flag), number("rq_pending_active"),
    )  # fmt: skip


def _address(name: str) -> str:
    try:
        return plain(name.strip("[]"))
    except ValueError:
        return name  # a unix socket, or something internal
