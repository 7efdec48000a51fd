"""LB317: calls with the same key go to the same pod, as they were told to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.istio_scope import destination_rule_for
from lbdemo.diagnose.parts import UNEVEN, part_of, pods
from lbdemo.diagnose.patches import exchanged

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.kube.records.istio import DestinationRule

CODE, NAME = "LB317", "consistent-hash"
HASHES = ("RING_HASH", "MAGLEV")


def cause(case: Case) -> Iterator[Finding]:
    """Callers whose Envoys choose by a hash."""
    told = ((c.name, one.balancer) for c in case.through_sidecars for one in case.clusters(c))
    hashed = {name: balancer for name, balancer in told if balancer in HASHES}
    callers = [caller for caller in case.through_sidecars if caller.name in hashed]
    if not callers:
        return
    space = callers[0].pod.meta.namespace if callers[0].pod else case.evidence.namespace
    rule = destination_rule_for(case.evidence, space)
    seen = [Line(f"{pods(c.name for c in callers)}: {hashed[callers[0].name]}", "callers' proxies")]
    if rule is not None and rule.policy.hashed_by:
        seen.append(Line(f"{rule.meta.reference}: consistentHash by {rule.policy.hashed_by}", "API"))
    yield Finding(
        CODE, NAME,
        sentence="Calls with the same key go to the same pod, as they were told to: few keys use few pods.",
        severity=Severity.NOTE,
        evidence=tuple(seen),
        fixes=(_fix(rule),),
        explains=part_of(case, callers) if case.judged.outcome in UNEVEN else 0.0,
    )  # fmt: skip


def _fix(rule: DestinationRule | None) -> Fix:
    """The balancer without its hash, where the rule for the whole host has one; words only where another place has."""
    title = "if no call has to come to the same pod as another, take consistentHash off the DestinationRule"
    more = "else hash by something with more values"
    if rule is None or not rule.policy.hash:
        return Fix(title, advice=more)
    hashed = json.loads(rule.policy.hash)
    commands, undo = exchanged(rule.meta, [("/spec/trafficPolicy/loadBalancer/consistentHash", hashed, None)])
    return Fix(title, commands, undo, more)
