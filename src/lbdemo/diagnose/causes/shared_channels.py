"""LB121: a client makes several channels, and gRPC's C core has them share one connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import choose_in_the_client, mesh_the_callers
from lbdemo.diagnose.images import is_on_core
from lbdemo.diagnose.parts import pods, short
from lbdemo.diagnose.told import channels
from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB121", "shared-channels"
ADVICE = (
    'the channel argument "grpc.use_local_subchannel_pool", 1 for each of them (or any argument in which they differ): '
    "then each has a connection of its own, for which kube-proxy draws a pod; better is to let calls be balanced"
)


def cause(case: Case) -> Iterator[Finding]:
    """Callers on the C core that are told to make more channels than they hold connections.

    Other libraries give each channel a connection of its own. What a client does with `channels` is its own business:
    with a connection to each pod nobody misses others.
    """
    told = [caller for caller in case.plain if case.holds_few(caller) and _shares(case, caller)]
    if told:
        yield _finding(case, told)


def _shares(case: Case, caller: Caller) -> bool:
    core = case.client(caller).core
    known = is_on_core(caller.pod) if core is None else core
    return known and case.connections(caller) < channels(caller.pod)


def _finding(case: Case, told: list[Caller]) -> Finding:
    sure = [caller for caller in told if case.client(caller).core]
    seen = [
        Line(f"{short(caller.name)} is told to make {count(channels(caller.pod), 'channel')}, and holds "
             f"{count(case.connections(caller), 'connection')}", "API and server sockets") for caller in told
    ]  # fmt: skip
    seen += [Line(f"{pods(c.name for c in sure)}: gRPC's C core is loaded", "programs in pods")] if sure else []
    balance = () if case.evidence.service.headless else (mesh_the_callers(case, told), choose_in_the_client(case))
    return Finding(
        CODE, NAME,
        sentence="Several channels share one connection: in gRPC's C core those with equal arguments do.",
        severity=Severity.RISK,
        evidence=tuple(seen),
        fixes=(Fix("give each channel a connection of its own, in the client's code", advice=ADVICE), *balance),
        follows_from=("LB101", "LB103"),
        possible=len(sure) < len(told),
    )  # fmt: skip
