"""LB327: a DestinationRule has callers' sidecars speak mutual TLS to pods that take none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Line, Severity
from lbdemo.diagnose.mutual_tls import MUTUAL, agreed, contraries, unanswered

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB327", "mutual-tls-to-plain"


def cause(case: Case) -> Iterator[Finding]:
    """Callers none of whose calls is answered, and a rule that says ISTIO_MUTUAL of pods without it."""
    found = contraries(case, MUTUAL)
    if not found:
        return
    yield Finding(
        CODE, NAME,
        sentence="Callers' sidecars are told to speak mutual TLS, and the pods do not: no call is answered.",
        severity=Severity.PROBLEM,
        evidence=(Line(f"{found[0].rule.meta.reference}: tls {MUTUAL}", "API"),
                  *(Line(why, "API") for why in found[0].why),
                  unanswered(found)),
        fixes=(agreed(case.evidence, found[0]),),
        explains=len(found) / len(case.evidence.callers),
    )  # fmt: skip
