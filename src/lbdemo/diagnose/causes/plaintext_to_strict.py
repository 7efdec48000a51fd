"""LB307: the servers take nothing but mutual TLS, and nothing beside the caller speaks it, or it was told not to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lbdemo.diagnose.connections import ended
from lbdemo.diagnose.findings import Finding, Line, Severity
from lbdemo.diagnose.fixes import mesh_the_callers
from lbdemo.diagnose.mutual_tls import PLAIN, Contrary, agreed, contraries, refused_by, wants_mutual_tls
from lbdemo.diagnose.parts import pods, short
from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.kube.records.istio import PeerAuthentication

CODE, NAME = "LB307", "plaintext-to-strict"


def cause(case: Case) -> Iterator[Finding]:
    """Callers of servers whose mode is STRICT: without a sidecar (or that are only told of the service), or with one
    that a rule has send plain text."""
    outside, rule = refused(case), wants_mutual_tls(case)
    if outside and rule is not None:
        yield _without(case, outside, rule)
    told = contraries(case, PLAIN)
    if told:
        yield _told_not_to(case, told)


def refused(case: Case) -> list[Caller]:
    """The callers without a sidecar, where some pod's takes nothing but mutual TLS."""
    return list(case.bare) if wants_mutual_tls(case) is not None else []


def _without(case: Case, outside: list[Caller], rule: PeerAuthentication) -> Finding:
    return Finding(
        CODE, NAME,
        sentence=f"The pods refuse plain text, and {pods(c.name for c in outside)} has no sidecar: its calls fail.",
        severity=Severity.PROBLEM,
        evidence=(Line(f"{rule.meta.reference}: STRICT", "API"),
                  Line(f"no sidecar beside {pods(c.name for c in outside)}", "API"),
                  *(line for caller in outside for line in _shown_out(case, caller))),
        fixes=(mesh_the_callers(case, outside),),
        explains=1.0 if not case.through_sidecars else 0.0,
        aside=bool(case.through_sidecars),
    )  # fmt: skip


def _shown_out(case: Case, caller: Caller) -> Iterator[Line]:
    """What the pods did with the caller's connections, where they remember it."""
    if refused_ := case.client(caller).refused:
        yield Line(f"pods' sidecars refused {count(refused_, 'connection')} of {short(caller.name)} in the last 10 min",
                   "the pods' logs")  # fmt: skip
    times = sum(ended(server, case.socket_looks(server.name), caller.addresses) for server in case.ready)
    if times and not case.held_by(caller):
        yield Line(f"pods ended {count(times, 'connection')} of {short(caller.name)} within a minute", "server sockets")


def _told_not_to(case: Case, told: Sequence[Contrary]) -> Finding:
    return Finding(
        CODE, NAME,
        sentence="The pods refuse plain text, and callers' sidecars are told to send it: no call is answered.",
        severity=Severity.PROBLEM,
        evidence=refused_by(told),
        fixes=(agreed(case.evidence, told[0]),),
        explains=len(told) / len(case.evidence.callers),
    )  # fmt: skip
