"""LB208: calls end in the client: no pod ever sees one, and the client's log says why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.causes.dns_cached_in_client import gone
from lbdemo.diagnose.causes.headless_port_mismatch import dials_another_port
from lbdemo.diagnose.causes.plaintext_to_strict import refused
from lbdemo.diagnose.complaints import AT_HOME
from lbdemo.diagnose.complaints import NAME as NO_NAME
from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import what_they_say
from lbdemo.diagnose.handshakes import failing
from lbdemo.diagnose.parts import pods
from lbdemo.diagnose.silence import complained, in_vain, knocks, silent, unreached
from lbdemo.diagnose.told import asks_for_endpoints, xds_target

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB208", "calls-never-leave"
POLICIES = "round_robin, pick_first, and what the library adds (weighted_round_robin, least_request_experimental)"


def cause(case: Case) -> Iterator[Finding]:
    """Pods that are told of the service, of which no pod has seen anything, and whose logs complain of calls to it.

    Of who calls a port that is not there, may not call for want of a sidecar, is led elsewhere, or whose TLS does not
    come about, other causes tell.
    """
    connected = failing(case)
    found = [caller for caller in silent(case) if case.client(caller).complaints and caller not in connected]
    at_home = [caller for caller in found if _first(case, caller) in AT_HOME]
    away, strict = [caller for caller in found if caller not in at_home], refused(case)
    known = [caller for caller in away if caller in strict or _told_elsewhere(case, caller)]
    if at_home:
        yield _at_home(case, at_home)
    if lost := [caller for caller in away if caller not in known]:
        yield _finding(case, lost, "no call of {who} reaches a pod")


def _told_elsewhere(case: Case, caller: Caller) -> bool:
    """Whether it is told to call what is not there (LB406, LB111), calls pods that are gone (LB109), or has pods' names
    from the API server (LB110) or a control plane (LB322); or is connected to its sidecar, which other causes ask."""
    pod, service = caller.pod, case.evidence.name
    asks = asks_for_endpoints(pod, service) or bool(xds_target(pod, service))
    sidecars = case.meshed(caller) and _first(case, caller) != NO_NAME
    return asks or sidecars or bool(in_vain(case, caller) or gone(case, caller)) or dials_another_port(case, caller)


def _first(case: Case, caller: Caller) -> str:
    """What its log complains of: what is wrong at home explains the rest."""
    kinds = [said.why for said in case.client(caller).complaints]
    return next((kind for kind in kinds if kind in AT_HOME), kinds[0])


def _at_home(case: Case, found: list[Caller]) -> Finding:
    return _finding(
        case, found, "calls of {who} end in the client: its gRPC takes no such service config",
        Fix("give the client a service config that its gRPC knows", advice=f"policies are {POLICIES}, in small letters "
            "with underscores; a client that is told of another one makes no channel, or ends"),
    )  # fmt: skip


def _finding(case: Case, found: list[Caller], sentence: str, *fixes: Fix) -> Finding:
    told = sentence.format(who=pods(one.name for one in found))
    return Finding(
        CODE, NAME,
        sentence=f"{told[0].upper()}{told[1:]}.",
        severity=Severity.PROBLEM,
        evidence=tuple(line for one in found for line in _lines(case, one)),
        fixes=(*fixes, what_they_say(case, found)),
        aside=True,
    )  # fmt: skip


def _lines(case: Case, caller: Caller) -> Iterator[Line]:
    yield from complained(case, caller)
    yield from knocks(case, caller)
    yield unreached(case, caller)
