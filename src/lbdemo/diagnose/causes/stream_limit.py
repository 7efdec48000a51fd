"""LB118: calls wait at the caller: its connections carry as many as they may, and there may be no more of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.istio_scope import destination_rule_for
from lbdemo.diagnose.parts import short
from lbdemo.diagnose.patches import exchanged
from lbdemo.words import count, figure

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.diagnose.looks import EnvoyHost
    from lbdemo.kube.records.istio import DestinationRule

CODE, NAME = "LB118", "stream-limit"
LOOKS = 4  # looks from which on waiting is no moment of a new connection
MOST = 0.75  # of the looks
POOL = "/spec/trafficPolicy/connectionPool"
SERVERS = (
    "servers: a higher limit of calls at once on a connection (grpc.max_concurrent_streams, Go MaxConcurrentStreams, "
    "Java maxConcurrentCallsPerConnection, Kestrel Http2.MaxStreamsPerConnection); clients without a proxy: several "
    "connections where the library offers them (.NET EnableMultipleHttp2Connections), not a channel for each call"
)


@dataclass(frozen=True, slots=True)
class Full:
    """A pod that is full for one caller: calls at once on a connection, connections, and calls that wait on average."""

    address: str
    streams: int
    connections: int
    waiting: float


def cause(case: Case) -> Iterator[Finding]:
    """Callers whose proxies hold calls back in nearly all looks, while their connections are busy and stay as many."""
    for caller in case.through_sidecars:
        if full := _full(case, caller):
            yield _finding(case, caller, full)


def _full(case: Case, caller: Caller) -> list[Full]:
    seen: dict[str, list[EnvoyHost]] = {}
    looks = case.envoy_looks(caller.name)
    for host in (host for look in looks for host in case.hosts(look)):
        seen.setdefault(host.address, []).append(host)
    return [found for hosts in seen.values() if len(looks) >= LOOKS and (found := _of(hosts, len(looks)))]


def _of(hosts: Sequence[EnvoyHost], looks: int) -> Full | None:
    """What holds calls back at a pod; None unless it does so nearly always, by as many calls on each connection."""
    held = [host for host in hosts if host.calls_waiting and host.connections_active and host.calls_active]
    each = {host.calls_active / host.connections_active for host in held}
    if len(held) < MOST * looks or len(each) != 1 or len({host.connections_active for host in held}) != 1:
        return None
    one = held[-1]
    return Full(one.address, int(each.pop()), one.connections_active, fmean(host.calls_waiting for host in hosts))


def _finding(case: Case, caller: Caller, full: Sequence[Full]) -> Finding:
    seen = [
        Line(f"{short(case.by_address.get(one.address, one.address))}: {figure(one.waiting)} calls of "
             f"{short(caller.name)} wait on average, while {one.streams} run on each connection, of which there "
             f"{'is' if one.connections == 1 else 'are'} {one.connections}", "callers' proxies") for one in full
    ]  # fmt: skip
    seen += [Line(f"its proxy was told: {told}", "callers' proxies") for told in sorted(_told(case, caller))]
    rule = destination_rule_for(case.evidence, caller.pod.meta.namespace) if caller.pod else None
    limits = _limits(rule) if rule else {}
    if rule and limits:
        told = ", ".join(f"{path.rpartition('/')[2]} {limit}" for path, limit in limits.items())
        seen.append(Line(f"{rule.meta.reference}: {told}", "API"))
    return Finding(
        CODE, NAME,
        sentence=f"Calls of {short(caller.name)} wait at its proxy: its connections carry as many as they may.",
        severity=Severity.RISK,
        evidence=tuple(seen),
        fixes=(*((_lift(rule, limits),) if rule and limits else ()),
               Fix("let connections carry more, or have more of them", advice=SERVERS)),
    )  # fmt: skip


def _told(case: Case, caller: Caller) -> set[str]:
    """The limits that the caller's proxy was told for this service, wherever they come from."""
    mine = case.clusters(caller)
    connections = {f"at most {count(one.max_connections, 'connection')}" for one in mine if one.max_connections}
    return connections | {f"at most {one.max_streams} calls on a connection" for one in mine if one.max_streams}


def _limits(rule: DestinationRule) -> dict[str, int]:
    """The limits that the rule sets for the whole host, by their place in it."""
    policy = rule.policy
    told = {"/tcp/maxConnections": policy.max_connections, "/http/maxConcurrentStreams": policy.max_streams}
    return {path: limit for path, limit in told.items() if limit}


def _lift(rule: DestinationRule, limits: dict[str, int]) -> Fix:
    lifted = [(POOL + path, limit, None) for path, limit in limits.items()]
    return Fix("take the limits off", *exchanged(rule.meta, lifted))
