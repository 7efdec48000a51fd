"""LB313: a DestinationRule for this service stands where the callers' sidecars do not look."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.istio_scope import destination_rule_for, rules_elsewhere

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case

CODE, NAME = "LB313", "destination-rule-not-in-scope"


def cause(case: Case) -> Iterator[Finding]:
    """Rules for the service's host in a third namespace, or not exported to the callers', where no other one holds.

    One in a namespace of other callers, or that is kept to its own, is for who calls from there.
    """
    spaces = sorted({c.pod.meta.namespace for c in case.through_sidecars if c.pod is not None})
    for space in spaces:
        if destination_rule_for(case.evidence, space) is not None:
            continue
        for rule in rules_elsewhere(case.evidence, space):
            if rule.meta.namespace != case.evidence.namespace and (
                rule.meta.namespace in spaces or rule.export_to == (".",)
            ):
                continue
            yield Finding(
                CODE, NAME,
                sentence=f"A DestinationRule for this service has no effect on callers in namespace {space}.",
                severity=Severity.RISK,
                evidence=(Line(f"{rule.meta.reference}: sidecars look in {space}, in {case.evidence.namespace}, and in "
                               "Istio's own namespace, for rules that are exported to them", "API"),),
                fixes=(Fix(f"move it to namespace {case.evidence.namespace}, and let exportTo name the callers"),),
            )  # fmt: skip
