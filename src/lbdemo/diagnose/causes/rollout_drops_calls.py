"""LB206: pods leave while callers are connected to them, and nothing gives these time to go elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl
from lbdemo.diagnose.parts import pods
from lbdemo.diagnose.workloads import workload_of

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.servers import Server

CODE, NAME = "LB206", "rollout-drops-calls"
LEARN = 35
"""Seconds in which headless clients learn of new pods: DNS's own 5 s, and the 30 s after which they may ask again."""
GRACE = 30  # seconds that Kubernetes gives to end; what is shorter was asked for


def cause(case: Case) -> Iterator[Finding]:
    """Leaving pods that hold callers' connections, and that have nothing that runs before they are told to end.

    A server may still drain by itself: so it is possible only.
    """
    leaving = [server for server in case.servers if server.terminating and server.pod is not None]
    held = [server for server in leaving if _connected(case, server) and not _waits(server)]
    if held:
        yield _finding(case, held)


def _connected(case: Case, server: Server) -> bool:
    looks = case.arrived[server.name]
    return bool(looks) and bool(looks[-1].sockets)


def _waits(server: Server) -> bool:
    own = [c for c in server.pod.containers if not c.init] if server.pod else []
    return any(container.pre_stop for container in own)


def _finding(case: Case, held: list[Server]) -> Finding:
    pod = held[0].pod
    short = pod is not None and pod.grace < GRACE
    seen = [Line(f"{pods(s.name for s in held)}: leaving, with callers' connections", "server sockets"),
            Line("no container of them has a preStop hook", "API")]  # fmt: skip
    seen += [Line(f"it has {pod.grace} s to end", "API")] if pod is not None and short else []
    return Finding(
        CODE, NAME,
        sentence="Pods leave while callers are connected, and nothing there waits for these: calls may be lost.",
        severity=Severity.RISK,
        evidence=tuple(seen),
        fixes=tuple(_fixes(case, held[0])),
        possible=True,
    )  # fmt: skip


def _fixes(case: Case, server: Server) -> Iterator[Fix]:
    yield Fix(
        "let the server drain",
        advice="on SIGTERM: health NOT_SERVING, serve on for some seconds, then gRPC's own graceful stop (GOAWAY); "
        "or a preStop hook that sleeps for them; and let clients retry UNAVAILABLE and CANCELLED",
    )
    owner = workload_of(server.pod) if server.pod else ""
    if case.evidence.service.headless and owner.startswith("deployment/"):
        patch = ("-n", case.evidence.namespace, "patch", owner, "-p")
        yield Fix(
            "let old pods stay until clients know the new ones",
            (kubectl(*patch, f'{{"spec":{{"minReadySeconds":{LEARN}}}}}'),),
            (kubectl(*patch, '{"spec":{"minReadySeconds":0}}'),),
            f"headless: clients learn of new pods within {LEARN} s",
        )
