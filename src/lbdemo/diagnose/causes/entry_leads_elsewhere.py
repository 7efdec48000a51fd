"""LB329: a ServiceEntry stands for the service's own name or address, and leads callers' sidecars elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.astray import Astray, astray
from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import made_anew
from lbdemo.diagnose.parts import short
from lbdemo.diagnose.patches import exchanged
from lbdemo.words import count, listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB329", "entry-leads-elsewhere"


def cause(case: Case) -> Iterator[Finding]:
    """A finding for each such entry."""
    found = astray(case)
    for reference in dict.fromkeys(one.entry.meta.reference for one in found):
        yield _finding(case, [one for one in found if one.entry.meta.reference == reference])


def _finding(case: Case, found: list[Astray]) -> Finding:
    name, one = case.evidence.name, found[0]
    what = "address" if one.by_address else "name"
    some = "connections" if one.by_address else "calls"
    return Finding(
        CODE, NAME,
        sentence=f"{one.entry.meta.reference} stands for the {what} of {name}, too, and leads {some} elsewhere.",
        severity=Severity.PROBLEM,
        evidence=(Line(f"{one.entry.meta.reference}: {_said(case, one)}", "API"),
                  *(Line(_went(each), "callers' proxies") for each in found[:4])),
        fixes=(_aside(found),),
        explains=sum(each.part for each in found) / len(case.evidence.callers),
    )  # fmt: skip


def _said(case: Case, one: Astray) -> str:
    hosts = f"hosts {listing(list(one.entry.hosts))}"
    if not one.by_address:
        return f"{hosts}" + (f", endpoints {listing(list(one.entry.leads_to))}" if one.entry.leads_to else "")
    return f"{hosts}, address {case.evidence.service.cluster_ips[0]}, which is the Service's"


def _went(one: Astray) -> str:
    where, who = listing(list(one.to)), short(one.caller.name)
    if one.by_address:
        return f"{who}: what goes to the Service's address is passed on to {where}"
    return f"{who}: {one.calls} of {count(one.of, 'call')} went to {where}, no pod of the service"


def _aside(found: list[Astray]) -> Fix:
    """The entry holds nowhere any more; connections that lead elsewhere end with the callers' pods."""
    one, anew = found[0], made_anew(each.caller for each in found if each.by_address)
    there, back = exchanged(one.entry.meta, one.changes)
    return Fix(
        "set the entry aside: it holds in no namespace any more", (*there, *anew), (*back, *anew),
        "its people may rather take the name or the address out of it; what else calls by it finds nothing then",
    )  # fmt: skip
