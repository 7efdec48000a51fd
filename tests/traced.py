"""Traces as clients, proxies and servers of ours make them."""

from __future__ import annotations

from typing import Any

from lbdemo.traces import Kind, Span
from lbdemo.traces.span import GATE, RUN, SEQ, SERVER

METHOD = "/message.Echo/EchoMessage"
MILLISECOND = 1_000_000
BEGIN = 1_800_000_000_000_000_000


def span(
    trace: str, number: int, name: str, kind: Kind, begin: float, end: float, *, pod: str = "", service: str = "",
    **attributes: Any,
) -> Span:  # fmt: skip
    """A span from and to some milliseconds after BEGIN, below the one with the number before (1 is the first)."""
    parent = f"{number - 1:016x}" if number > 1 else ""
    resource = {"service.name": service, **({"k8s.pod.name": pod} if pod else {})}
    at = [BEGIN + round(moment * MILLISECOND) for moment in (begin, end)]
    return Span(trace, f"{number:016x}", parent, name, kind, at[0], at[1], attributes, resource)


def called(seq: int, server: str, *, run: str = "r1", gate: bool = False, at: float = 0.0) -> list[Span]:
    """A call without a proxy: caller, client, server; it takes 10 ms, of which the server works 4."""
    trace = f"{seq + 1:032x}"
    caller: dict[str, Any] = {RUN: run, SEQ: seq, GATE: gate, SERVER: server}
    client: dict[str, Any] = {"pod": "echo-client-0", "service": "echo-client"}
    return [
        span(trace, 1, "call", Kind.INTERNAL, at, at + 10, **client, **caller),
        span(trace, 2, METHOD, Kind.CLIENT, at + 1, at + 9, **client),
        span(trace, 3, METHOD, Kind.SERVER, at + 3, at + 7, pod=server, service="echo-server"),
    ]


def meshed(seq: int, server: str, *, run: str = "r1", at: float = 0.0) -> list[Span]:
    """A call through two sidecars: five spans."""
    first, client, last = called(seq, server, run=run, at=at)
    host = "echo-server.lbdemo.svc.cluster.local:8080/*"
    out = span(
        first.trace, 3, host, Kind.CLIENT, at + 2, at + 8, service="echo-client", component="proxy",
        node_id="sidecar~10.0.0.1~echo-client-0.lbdemo~lbdemo.svc.cluster.local",
        upstream_cluster="outbound|8080||echo-server.lbdemo.svc.cluster.local;",
    )  # fmt: skip
    into = span(
        first.trace, 4, host, Kind.SERVER, at + 2.5, at + 7.5, service="echo-server", component="proxy",
        node_id=f"sidecar~10.0.0.2~{server}.lbdemo~lbdemo.svc.cluster.local", upstream_cluster="inbound|8080||;",
    )  # fmt: skip
    answer = span(first.trace, 5, last.name, Kind.SERVER, at + 3, at + 7, pod=server, service="echo-server")
    return [first, client, out, into, answer]
