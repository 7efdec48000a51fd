"""LB328: a DestinationRule has callers' sidecars speak TLS of its own to pods that take Istio's mutual TLS only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Severity
from lbdemo.diagnose.mutual_tls import OWN, agreed, contraries, refused_by

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB328", "own-tls-to-strict"


def cause(case: Case) -> Iterator[Finding]:
    """Callers none of whose calls is answered, and a rule that says SIMPLE, or MUTUAL, of pods that are STRICT."""
    found = [each for mode in OWN for each in contraries(case, mode)]
    if not found:
        return
    yield Finding(
        CODE, NAME,
        sentence=f"Callers' sidecars are told to speak TLS by certificates of its own ({found[0].mode}), and the pods "
        "take Istio's mutual TLS only: no call is answered.",
        severity=Severity.PROBLEM,
        evidence=refused_by(found),
        fixes=(agreed(case.evidence, found[0]),),
        explains=len(found) / len(case.evidence.callers),
    )  # fmt: skip
