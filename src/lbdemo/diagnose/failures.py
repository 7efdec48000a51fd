"""Calls that reach a pod and fail there: by the server's own counters, or else by the callers' Envoys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lbdemo.diagnose.mutual_tls import contrary
from lbdemo.diagnose.proxies import ISTIO, proxy_of
from lbdemo.diagnose.refusals import broken, failed, failing, first_and_last, inbound
from lbdemo.diagnose.series import SERIES

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.diagnose.looks import EnvoyHost, MetricsLook
    from lbdemo.diagnose.servers import Server

ORDER = [series.name for series in SERIES]
LAST = 4  # scrapes of a Prometheus that tell of now: failures that were mended before are none


@dataclass(frozen=True, slots=True)
class Failing:
    """How many of a server's calls it failed while it was watched; `codes` where the server told gRPC's statuses.

    `seconds`: within how many, where it was not just while it was watched.
    """

    server: str
    calls: int
    failed: int
    codes: tuple[str, ...]
    source: str
    seconds: float = 0.0


def failing_servers(case: Case) -> tuple[Failing, ...]:
    """The ready servers that failed some call. None where calls break their connections: no program failed those."""
    if broken(case):
        return ()
    sources = [_by_counters(case.evidence.metrics), _by_callers(case), _by_prometheus(case)]
    told = ([source[server.name] for source in sources if server.name in source] for server in case.ready)
    return tuple(best[0] for best in told if best and best[0].failed)


def _by_counters(looks: Iterable[MetricsLook]) -> dict[str, Failing]:
    """By server, of those that count failures."""
    by_pod: dict[str, list[MetricsLook]] = {}
    for look in looks:
        by_pod.setdefault(look.pod, []).append(look)
    return {server: _counted(server, mine) for server, mine in by_pod.items() if any(look.failed for look in mine)}


def _by_prometheus(case: Case) -> dict[str, Failing]:
    """By server, of those whose failures a Prometheus has counted while they were watched, or in its last few scrapes;
    not where they had ended by the last one."""
    scrapes = case.evidence.scrapes
    looks = scrapes.looks if scrapes is not None else ()
    turns = sorted({look.turn for look in looks})
    recent = {*turns[-LAST:], *(look.turn for look in looks if look.at >= 0)}
    ends = _by_counters(look for look in looks if look.turn in turns[-2:])
    found = _by_counters(look for look in looks if look.turn in recent)
    times = [look.at for look in looks if look.turn in recent]
    return {
        server: replace(one, source=scrapes.name if scrapes else "", seconds=max(times) - min(times))
        for server, one in found.items() if server in ends and ends[server].failed
    }  # fmt: skip


def _counted(server: str, looks: Sequence[MetricsLook]) -> Failing:
    source = min((look.source for look in looks), key=ORDER.index)
    first, *_, last = [look for look in looks if look.source == source] * 2
    first = first if last.calls >= first.calls else replace(first, calls=0, failed=())  # it has begun anew
    grown = _grown(first, last)
    return Failing(server, last.calls - first.calls, sum(grown.values()), tuple(grown), "metrics")


def _grown(first: MetricsLook, last: MetricsLook) -> dict[str, int]:
    """By status code: the failures since the first look, the most first."""
    before = dict(first.failed)
    grown = {code: count - before.get(code, 0) for code, count in last.failed}
    return {code: count for code, count in sorted(grown.items(), key=lambda one: -one[1]) if count > 0}


def _by_callers(case: Case) -> dict[str, Failing]:
    """By server, of those that callers' Envoys could connect to."""
    doubtful = {server.name for server in case.ready if _may_have_a_sidecar(server) and not _given(case, server)}
    pairs: dict[str, list[tuple[EnvoyHost, EnvoyHost]]] = {}
    for caller in case.active:
        for server, before, after in _sent(case, caller, doubtful):
            pairs.setdefault(server, []).append((before, after))
    return {server: _told(server, mine) for server, mine in pairs.items()}


def _may_have_a_sidecar(server: Server) -> bool:
    return server.pod is None or proxy_of(server.pod) == ISTIO


def _given(case: Case, server: Server) -> bool:
    """Whether the server's own sidecar was seen, and ever had a call for its pod."""
    hosts = (host for look in case.envoy_looks(server.name) for host in look.hosts)
    return any(host.calls_total for host in hosts if host.cluster == inbound(server.port))


def _told(server: str, pairs: Sequence[tuple[EnvoyHost, EnvoyHost]]) -> Failing:
    calls = sum(max(0, after.calls_total - before.calls_total) for before, after in pairs)
    return Failing(server, calls, sum(failed(*pair) for pair in pairs), (), "callers' proxies")


def _sent(case: Case, caller: Caller, doubtful: Collection[str]) -> Iterator[tuple[str, EnvoyHost, EnvoyHost]]:
    """Each server as the caller's Envoy shows it at first and at last, where it is sure who failed.

    Calls may fail before they reach the program: in their caller's sidecar, where they wait for a place on a
    connection until their time is over, or since something else is spoken there. That only the sidecars of the servers
    would tell, which nobody saw of the `doubtful` ones, or which had none.
    """
    hosts = (host for look in case.envoy_looks(caller.name) for host in case.hosts(look))
    if any(host.calls_waiting for host in hosts) or contrary(case, caller) is not None:
        return
    left_out = doubtful if failing(case, caller) else ()
    for before, after in first_and_last(case, caller):
        server = case.by_address.get(after.address)
        if server is not None and server not in left_out and before.connect_failures == after.connect_failures:
            yield server, before, after
