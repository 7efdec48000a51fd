"""LB106: a .NET client balances only over the right kind of handler."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.causes.headless_pick_first import at_one, told_apart
from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.images import is_dotnet
from lbdemo.diagnose.parts import pods

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB106", "dotnet-transport"
ADVICE = (
    'GrpcChannel.ForAddress("dns:///NAME:PORT") with a SocketsHttpHandler that has no ConnectCallback, and '
    "ServiceConfig { LoadBalancingConfigs = { new RoundRobinConfig() } }; an address that begins with http:// is not "
    "resolved by gRPC, and DNS is asked again only where DnsResolverFactory was given an interval"
)


def cause(case: Case) -> Iterator[Finding]:
    """.NET callers of a headless Service that are at one of its pods."""
    if not case.evidence.service.headless or len(case.ready) < 2:
        return
    told = [caller for caller in at_one(case) if is_dotnet(caller.pod) and told_apart(case, caller)]
    if told:
        yield Finding(
            CODE, NAME,
            sentence="The client runs on .NET, which balances only with dns:///, SocketsHttpHandler and a policy.",
            severity=Severity.RISK,
            evidence=(Line(f"{pods(c.name for c in told)}: .NET, by image or variables", "API"),),
            fixes=(Fix("give the channel all that .NET's client asks for", advice=ADVICE),),
            follows_from=("LB103",),
            possible=True,
        )  # fmt: skip
