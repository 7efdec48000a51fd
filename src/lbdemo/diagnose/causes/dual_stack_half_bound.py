"""LB405: the Service has addresses of both families, and the pods listen on one."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.looks import LISTEN
from lbdemo.diagnose.parts import pods
from lbdemo.kube.answers import Unseen

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.servers import Server

CODE, NAME = "LB405", "dual-stack-half-bound"
FOUR = str(IPv4Address(0))  # all IPv4 addresses


def cause(case: Case) -> Iterator[Finding]:
    """Endpoints of both families, and servers that listen on all IPv4 addresses and on no IPv6 one."""
    slices = case.evidence.slices
    if isinstance(slices, Unseen) or not {"IPv4", "IPv6"} <= {one.address_type for one in slices}:
        return
    half = [server.name for server in case.ready if _binds(case, server) == {FOUR}]
    if half:
        yield Finding(
            CODE, NAME,
            sentence="The Service has IPv6 addresses, and the pods listen on IPv4 only: dials to those fail.",
            severity=Severity.RISK,
            evidence=(Line("endpoints of both families", "API"),
                      Line(f"{pods(half)}: listening on {FOUR}, and on no IPv6 address", "server sockets")),
            fixes=(Fix("listen on both", advice="bind [::]:PORT, which takes IPv4 as well, in place of 0.0.0.0:PORT"),),
        )  # fmt: skip


def _binds(case: Case, server: Server) -> set[str]:
    return {s.local for s in case.sockets(server.name) if s.state == LISTEN and s.local_port == server.port}
