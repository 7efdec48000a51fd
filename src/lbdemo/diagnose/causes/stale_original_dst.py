"""LB309: a sidecar still sends to addresses of pods that are gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import made_anew
from lbdemo.diagnose.parts import short
from lbdemo.kube.answers import Unseen
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.diagnose.looks import EnvoyHost

CODE, NAME = "LB309", "stale-original-dst"


def cause(case: Case) -> Iterator[Finding]:
    """Hosts in a caller's Envoy that no endpoint has, and whose calls (or connections) keep failing."""
    if isinstance(case.evidence.slices, Unseen):
        return
    for caller in case.evidence.callers:
        gone = list(_gone(case, caller))
        if gone:
            yield Finding(
                CODE, NAME,
                sentence=f"The sidecar of {short(caller.name)} still sends calls to pods that are gone.",
                severity=Severity.PROBLEM,
                evidence=(Line(f"no endpoint has {listing([host.address for host in gone])}; calls to it fail",
                               "callers' proxies"),),
                fixes=(Fix("until that is mended, make its pods anew after each change of the servers'",
                           made_anew([caller])),),
                follows_from=("LB308",),
            )  # fmt: skip


def _gone(case: Case, caller: Caller) -> Iterator[EnvoyHost]:
    looks = case.envoy_looks(caller.name)
    before = {host.address: host for host in case.hosts(looks[0])} if looks else {}
    for host in case.last_hosts(caller):
        first = before.get(host.address, host)
        failing = host.calls_failed > first.calls_failed or host.connect_failures > first.connect_failures
        if host.address not in case.by_address and failing:
            yield host
