"""LB903: calls come through `kubectl port-forward`, which picks one pod and goes past Service and mesh."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.connections import from_within
from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.parts import short
from lbdemo.diagnose.proxies import proxy_of

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.servers import Server

CODE, NAME = "LB903", "measured-through-port-forward"


def cause(case: Case) -> Iterator[Finding]:
    """Lasting connections to a server's port from its own loopback address, where no proxy stands beside it.

    In all of several pods it is their own doing, such as a gateway that translates HTTP: a port-forward picks one pod.
    """
    served = [
        server
        for server in case.ready
        if not proxy_of(server.pod) and from_within(server, case.socket_looks(server.name))
    ]
    if len(served) == len(case.ready) > 1:
        return
    for server in served:
        yield _finding(case, server)


def _finding(case: Case, server: Server) -> Finding:
    alone = not case.active
    return Finding(
        CODE, NAME,
        sentence="Calls come through a port-forward: it picks one pod, and goes past Service, kube-proxy and mesh.",
        severity=Severity.PROBLEM if alone else Severity.NOTE,
        evidence=(Line(f"{short(server.name)} has a connection to its port {server.port} from within itself",
                       "server sockets"),),
        fixes=(Fix("measure from inside of the cluster: let a pod call, and name it with --from"),),
        explains=1.0 if alone else 0.0,
        possible=len(case.ready) < 2 or _has_company(server),
    )  # fmt: skip


def _has_company(server: Server) -> bool:
    """Whether other containers run in the pod: what calls from within may be one of them."""
    return server.pod is not None and sum(1 for c in server.pod.containers if not c.init or c.always) > 1
