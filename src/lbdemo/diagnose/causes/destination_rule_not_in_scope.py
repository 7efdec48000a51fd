"""LB313: a DestinationRule for this service stands where the callers' sidecars do not look."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl
from lbdemo.diagnose.istio_scope import ROOT, destination_rule_for, exported_to, rules_elsewhere
from lbdemo.diagnose.patches import exchanged

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.kube.records.istio import DestinationRule

CODE, NAME = "LB313", "destination-rule-not-in-scope"
VERSION = "networking.istio.io/v1"


def cause(case: Case) -> Iterator[Finding]:
    """Rules for the service's host in a third namespace, or not exported to the callers', where no other one holds.

    One in a namespace of other callers, that is kept to its own, or that is for any host there, is for who calls from
    there.
    """
    spaces = sorted({c.pod.meta.namespace for c in case.through_sidecars if c.pod is not None})
    for space in spaces:
        if destination_rule_for(case.evidence, space) is not None:
            continue
        for rule in rules_elsewhere(case.evidence, space):
            if rule.meta.namespace != case.evidence.namespace and (
                rule.meta.namespace in spaces or rule.export_to == (".",) or rule.host.startswith("*")
            ):
                continue
            yield Finding(
                CODE, NAME,
                sentence=f"A DestinationRule for this service has no effect on callers in namespace {space}.",
                severity=Severity.RISK,
                evidence=(Line(f"{rule.meta.reference}: sidecars look in {space}, in {case.evidence.namespace}, and in "
                               "Istio's own namespace, for rules that are exported to them", "API"),),
                fixes=(_fix(case, rule, space),),
            )  # fmt: skip


def _fix(case: Case, rule: DestinationRule, space: str) -> Fix:
    """A copy where sidecars look; words only where that would not hold for the callers either."""
    home, name = case.evidence.namespace, rule.meta.name
    if rule.meta.namespace in (home, space, ROOT):
        commands, undo = exchanged(rule.meta, [("/spec/exportTo", list(rule.export_to), [*rule.export_to, space])])
        return Fix(f"export it to namespace {space}, too", commands, undo)
    if not exported_to(rule.export_to, home, space):
        return Fix(f"move it to namespace {home}, and let exportTo name the callers")
    return Fix(
        f"have the same in namespace {home}, where sidecars look", (_copied(rule, home),),
        (kubectl("-n", home, "delete", "destinationrule", name),), "the other one may go then: nobody heeds it",
    )  # fmt: skip


def _copied(rule: DestinationRule, home: str) -> str:
    meta = {"name": rule.meta.name, "namespace": home}
    head = json.dumps({"apiVersion": VERSION, "kind": "DestinationRule", "metadata": meta})
    spec = kubectl("-n", rule.meta.namespace, "get", "destinationrule", rule.meta.name, "-o", "jsonpath={.spec}")
    return f'printf \'%s, "spec": %s}}\' {shlex.quote(head[:-1])} "$({spec})" | kubectl create -f -'
