"""Calls that reach a pod and fail there: by the server's own counters, or else by the callers' Envoys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lbdemo.diagnose.proxies import ISTIO, proxy_of
from lbdemo.diagnose.refusals import broken, failed, failing, first_and_last
from lbdemo.diagnose.series import SERIES

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.diagnose.looks import EnvoyHost, MetricsLook
    from lbdemo.diagnose.servers import Server

ORDER = [series.name for series in SERIES]


@dataclass(frozen=True, slots=True)
class Failing:
    """How many of a server's calls it failed while it was watched; `codes` where the server told gRPC's statuses."""

    server: str
    calls: int
    failed: int
    codes: tuple[str, ...]
    source: str


def failing_servers(case: Case) -> tuple[Failing, ...]:
    """The ready servers that failed some call. None where calls break their connections: no program failed those."""
    if broken(case):
        return ()
    seen = (_by_its_counters(case, server) or _by_callers(case, server) for server in case.ready)
    return tuple(one for one in seen if one is not None and one.failed)


def _by_its_counters(case: Case, server: Server) -> Failing | None:
    looks = [look for look in case.evidence.metrics if look.pod == server.name]
    if not any(look.failed for look in looks):
        return None
    source = min((look.source for look in looks), key=ORDER.index)
    first, *_, last = [look for look in looks if look.source == source] * 2
    first = first if last.calls >= first.calls else replace(first, calls=0, failed=())  # it has begun anew
    grown = _grown(first, last)
    return Failing(server.name, last.calls - first.calls, sum(grown.values()), tuple(grown), "metrics")


def _grown(first: MetricsLook, last: MetricsLook) -> dict[str, int]:
    """By status code: the failures since the first look, the most first."""
    before = dict(first.failed)
    grown = {code: count - before.get(code, 0) for code, count in last.failed}
    return {code: count for code, count in sorted(grown.items(), key=lambda one: -one[1]) if count > 0}


def _by_callers(case: Case, server: Server) -> Failing | None:
    pairs = list(_pairs(case, server))
    calls = sum(max(0, after.calls_total - before.calls_total) for before, after in pairs)
    return Failing(server.name, calls, sum(failed(*pair) for pair in pairs), (), "callers' proxies") if pairs else None


def _pairs(case: Case, server: Server) -> Iterator[tuple[EnvoyHost, EnvoyHost]]:
    """The server as the callers' Envoys show it at first and at last, where these could connect to it."""
    for caller in case.active:
        if not _unsure(case, caller, server):
            for before, after in first_and_last(case, caller):
                opened = before.connect_failures == after.connect_failures
                if case.by_address.get(after.address) == server.name and opened:
                    yield before, after


def _unsure(case: Case, caller: Caller, server: Server) -> bool:
    """Whether calls may fail before they reach the program: in their caller's sidecar, where they wait for a place on a
    connection until their time is over, or since something else is spoken there, as only the server's sidecar tells."""
    hosts = (host for look in case.envoy_looks(caller.name) for host in case.hosts(look))
    if any(host.calls_waiting for host in hosts):
        return True
    return failing(case, caller) and proxy_of(server.pod) == ISTIO and not case.envoy_looks(server.name)
