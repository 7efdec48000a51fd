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
FAIL, WAIT = "calls to it fail", "calls wait for a connection to it in vain"


def cause(case: Case) -> Iterator[Finding]:
    """Hosts in a caller's Envoy that no endpoint has, and whose calls (or connections) keep failing, or go nowhere.

    An Envoy tries for ten seconds to connect to an address that nobody has: clients give up before that, and by its
    counters nothing fails meanwhile.
    """
    if isinstance(case.evidence.slices, Unseen):
        return
    for caller in case.evidence.callers:
        gone = list(_gone(case, caller))
        failing = [after.address for before, after in gone if _fails(before, after)]
        waiting = [after.address for before, after in gone if after.address not in failing and _waits(before, after)]
        seen = [Line(f"no endpoint has {listing(addresses)}; {what}", "callers' proxies")
                for addresses, what in ((failing, FAIL), (waiting, WAIT)) if addresses]  # fmt: skip
        if seen:
            yield Finding(
                CODE, NAME,
                sentence=f"The sidecar of {short(caller.name)} still sends calls to pods that are gone.",
                severity=Severity.PROBLEM,
                evidence=tuple(seen),
                fixes=(Fix("until that is mended, make its pods anew after each change of the servers'",
                           made_anew([caller])),),
                follows_from=("LB308",),
            )  # fmt: skip


def _gone(case: Case, caller: Caller) -> Iterator[tuple[EnvoyHost, EnvoyHost]]:
    """The hosts that no endpoint has, as the first and the last look show them, which both do."""
    looks = case.envoy_looks(caller.name)
    before = {host.address: host for host in case.hosts(looks[0])} if len(looks) > 1 else {}
    for host in case.last_hosts(caller):
        if host.address in before and host.address not in case.by_address:
            yield before[host.address], host


def _fails(before: EnvoyHost, after: EnvoyHost) -> bool:
    return after.calls_failed > before.calls_failed or after.connect_failures > before.connect_failures


def _waits(before: EnvoyHost, after: EnvoyHost) -> bool:
    """Whether calls wait for a connection at first and at last, and none was sent between."""
    return bool(before.calls_waiting and after.calls_waiting) and after.calls_total == before.calls_total
