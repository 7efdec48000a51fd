"""LB209: connections end before a call: one side speaks TLS and the other does not, or they do not agree on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lbdemo.diagnose.causes.plaintext_to_strict import refused
from lbdemo.diagnose.complaints import HANDSHAKE
from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import what_they_say
from lbdemo.diagnose.handshakes import Why, complains, failing, plain_by_probe, why
from lbdemo.diagnose.parts import pods, short
from lbdemo.diagnose.silence import complained
from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB209", "handshakes-fail"
SAID = {
    Why.CERTIFICATE: "No TLS comes about between {who} and the pods: one side does not take the other's certificate.",
    Why.PLAIN_PODS: "The pods speak plain text, and {who} asked for TLS: connections end before a call.",
    Why.PLAIN_CALLER: "The pods want TLS, and {who} sent plain text: connections end before a call.",
    Why.UNKNOWN: "Connections of {who} end before a call: one side speaks TLS, and the other does not.",
}
CREDENTIALS = Fix(
    "give the client TLS",
    advice="channel credentials with the certificate of who signs the servers', and a name that theirs has (as target, "
    "or as authority)",
)
FIXES = {
    Why.CERTIFICATE: (Fix(
        "give the client a certificate authority and a name that fit the servers' certificate",
        advice="the name that is dialled (or the authority) has to stand in it as a DNS name; where servers ask clients"
        " for a certificate, the client has to have one; and none of them may have expired",
    ),),
    Why.PLAIN_PODS: (Fix("let the client speak plain text",
                         advice="with insecure channel credentials; or give TLS to the servers, and to all who call"),),
    Why.PLAIN_CALLER: (CREDENTIALS,),
    Why.UNKNOWN: (CREDENTIALS, Fix("or let both speak plain text", advice="and a mesh encrypt, where one is wanted")),
}  # fmt: skip


def cause(case: Case) -> Iterator[Finding]:
    """Callers that connect and never come to a call; whom servers refuse for want of mutual TLS is another cause."""
    strict = refused(case)
    found = [(why(case, caller), caller) for caller in failing(case) if caller not in strict]
    for kind in Why:
        mine = [caller for each, caller in found if each is kind]
        if mine:
            yield _finding(case, kind, mine)


def _finding(case: Case, kind: Why, found: Sequence[Caller]) -> Finding:
    return Finding(
        CODE, NAME,
        sentence=SAID[kind].format(who=pods(caller.name for caller in found)),
        severity=Severity.PROBLEM,
        evidence=tuple(line for caller in found for line in _lines(case, caller)),
        fixes=(*FIXES[kind], what_they_say(case, found)),
        possible=any(complains(case, caller).isdisjoint(HANDSHAKE) for caller in found),
        aside=True,
    )  # fmt: skip


def _lines(case: Case, caller: Caller) -> Iterator[Line]:
    how = case.fleeting(caller)
    if how.closed:
        whose = f", {how.ended} of them by pods" if how.ended else ""
        over = f"{count(how.closed, 'connection')} of {short(caller.name)} ended within a minute{whose}"
        yield Line(f"{over}; none lasts", "sockets in TIME_WAIT")
    yield from complained(case, caller)
    if plain_by_probe(case):
        yield Line("pods are ready by probes that call this port in plain text (gRPC)", "API")
