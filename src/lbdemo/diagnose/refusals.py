"""Calls that fail since the port speaks something else than it says: with each, the connection ends that carried it.

Where a program answers calls by errors, or fails slowly, its connections last. What a caller's sidecar counts is the
same in both cases where the server has a sidecar, too: there that one's counters tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.diagnose.looks import EnvoyHost
from lbdemo.diagnose.proxies import ISTIO, proxy_of

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.diagnose.servers import Server

MANY = 5  # failed calls to a server
EACH = 0.1  # connections that ended for each of them, at least: several calls may share one


@dataclass(frozen=True, slots=True)
class Broken:
    """A server at which calls fail, and with them their connections, as the sidecar before it counts."""

    server: str
    calls: int
    connections: int
    source: str


def inbound(port: int) -> str:
    """What a server's sidecar calls the way to its own pod's port."""
    return f"inbound|{port}||"


def failing(case: Case, caller: Caller) -> bool:
    """Whether the caller's sidecar counted failures while it was watched, and no call that was answered well."""
    pairs = list(first_and_last(case, caller))
    return any(failed(*pair) for pair in pairs) and all(after.calls_ok == before.calls_ok for before, after in pairs)


def silent(case: Case, caller: Caller) -> bool:
    """Whether the caller's sidecar could be asked, and has sent no call to the service."""
    looks = case.envoy_looks(caller.name)
    pairs = first_and_last(case, caller)
    return bool(looks) and not any(before.calls_total != after.calls_total for before, after in pairs)


def none_answered(case: Case) -> int:
    """How many calls were tried, where none was answered by anybody; else 0."""
    if not case.active or not all(failing(case, caller) for caller in case.active) or not broken(case):
        return 0
    return sum(failed(*pair) for caller in case.active for pair in first_and_last(case, caller))


def broken(case: Case) -> tuple[Broken, ...]:
    """The servers at which calls break their connections."""
    found = {one.server: one for one in (*_seen_by_callers(case), *_seen_by_servers(case))}
    return tuple(found.values())


def failed(before: EnvoyHost, after: EnvoyHost) -> int:
    """Calls that failed between two looks."""
    return max(0, after.calls_failed - before.calls_failed)


def _seen_by_servers(case: Case) -> Iterator[Broken]:
    """Those whose own sidecar saw it, while it was looked at or ever since it began."""
    for server in case.ready:
        looks = [_inside(server, look.hosts) for look in case.envoy_looks(server.name)]
        seen = [host for host in looks if host is not None]
        pairs = [(before, seen[-1]) for before in (_nothing(seen[-1]), seen[0])] if seen else []
        yield from (_broken(server.name, *pair, "servers' proxies") for pair in pairs if _breaks(*pair))


def _inside(server: Server, hosts: tuple[EnvoyHost, ...]) -> EnvoyHost | None:
    return next((host for host in hosts if host.cluster == inbound(server.port)), None)


def _seen_by_callers(case: Case) -> Iterator[Broken]:
    """Those without a sidecar, where nobody told the caller's to end connections early."""
    bare = {server.name for server in case.ready if proxy_of(server.pod) != ISTIO}
    for caller in case.through_sidecars:
        if any(one.max_requests_per_connection for one in case.clusters(caller)):
            continue
        for pair in first_and_last(case, caller):
            name = case.by_address.get(pair[1].address, "")
            if name in bare and _breaks(*pair):
                yield _broken(name, *pair, "callers' proxies")


def first_and_last(case: Case, caller: Caller) -> Iterator[tuple[EnvoyHost, EnvoyHost]]:
    """Each host of the service as the first and the last look at the caller's sidecar show it."""
    looks = case.envoy_looks(caller.name)
    began: Mapping[tuple[str, str], EnvoyHost] = (
        {(host.cluster, host.address): host for host in case.hosts(looks[0])} if looks else {}
    )
    for host in case.last_hosts(caller):
        yield began.get((host.cluster, host.address), _nothing(host)), host


def _nothing(host: EnvoyHost) -> EnvoyHost:
    return EnvoyHost(host.cluster, host.address, host.port)


def _breaks(before: EnvoyHost, after: EnvoyHost) -> bool:
    """Whether all calls failed, on connections that could be opened and did not last."""
    calls, connections = failed(before, after), after.connections_total - before.connections_total
    opened = after.connect_failures == before.connect_failures
    return opened and after.calls_ok == before.calls_ok and calls >= MANY and connections >= EACH * calls


def _broken(name: str, before: EnvoyHost, after: EnvoyHost, source: str) -> Broken:
    return Broken(name, failed(before, after), after.connections_total - before.connections_total, source)
