"""LB406: clients call a port that the Service does not have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.complaints import meant
from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.parts import pods, short
from lbdemo.diagnose.patches import exchanged
from lbdemo.diagnose.silence import in_vain, knocks, silent, unreached
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB406", "port-not-there"


def cause(case: Case) -> Iterator[Finding]:
    """Pods that are told to call the service's name at ports that it lacks, and of which no pod has seen anything."""
    found = [caller for caller in silent(case) if in_vain(case, caller)]
    if found:
        yield _finding(case, found)


def _finding(case: Case, found: list[Caller]) -> Finding:
    wrong = sorted({port for caller in found for port in in_vain(case, caller)})
    return Finding(
        CODE, NAME,
        sentence=f"{pods(c.name for c in found)} {'calls' if len(found) == 1 else 'call'} {_ports(wrong)}, which "
        f"Service {case.evidence.name} does not have: no call reaches a pod.",
        severity=Severity.PROBLEM,
        evidence=(*_told(case, found, wrong), *(line for caller in found for line in _seen(case, caller))),
        fixes=(_right_target(case), *_one_more(case, wrong)),
        aside=True,
    )  # fmt: skip


def _ports(numbers: list[int]) -> str:
    return f"port{'s' if len(numbers) > 1 else ''} {listing(list(map(str, numbers)))}"


def _told(case: Case, found: list[Caller], wrong: list[int]) -> Iterator[Line]:
    name, has = case.evidence.name, [port.label for port in case.evidence.service.ports]
    targets = listing([f"{name}:{port}" for port in wrong])
    yield Line(f"Service {name} has port{'s' if len(has) > 1 else ''} {listing(has)}", "API")
    yield Line(f"{pods(c.name for c in found)}: arguments or variables say {targets}", "API")
    listens = {server.port for server in case.servers}.intersection(wrong)
    if listens:
        own = case.evidence.port.number
        yield Line(f"pods listen at {min(listens)}, which callers reach by the Service's port {own} only", "API")


def _seen(case: Case, caller: Caller) -> Iterator[Line]:
    yield from knocks(case, caller)
    for said in case.client(caller).complaints[:1]:
        yield Line(f"{short(caller.name)}: {meant(said)}", "the callers' logs")
    yield unreached(case, caller)


def _right_target(case: Case) -> Fix:
    evidence = case.evidence
    return Fix("let clients call the port that is there", advice=f"{evidence.host}:{evidence.port.number}")


def _one_more(case: Case, wrong: list[int]) -> Iterator[Fix]:
    """The port beside those that are there; of a Service whose ports all have names, as several must."""
    service, port = case.evidence.service, case.evidence.port
    if service.type != "ClusterIP" or service.headless or len(wrong) > 1 or not all(one.name for one in service.ports):
        return
    first = ("/spec/ports/0/port", service.ports[0].number, service.ports[0].number)
    more = {"name": f"{port.name}-{wrong[0]}", "port": wrong[0], "protocol": port.protocol,
            "targetPort": port.target or port.number}  # fmt: skip
    more |= {"appProtocol": port.app_protocol} if port.app_protocol else {}
    added = (f"/spec/ports/{len(service.ports)}", None, more)
    yield Fix("or let the Service have that port, too", *exchanged(service.meta, [first, added]))
