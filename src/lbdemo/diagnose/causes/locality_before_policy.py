"""LB315: sidecars draw a zone by its weight before a policy chooses a pod in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from lbdemo.diagnose.causes.slow_pod_evenly_served import slow_pod
from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl
from lbdemo.diagnose.istio_scope import destination_rule_for
from lbdemo.diagnose.parts import UNEVEN, part_of, short
from lbdemo.diagnose.path import calls_of
from lbdemo.words import count, figure, listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.kube.records.istio import DestinationRule

CODE, NAME = "LB315", "locality-before-policy"
TIMES = 1.5  # a pod of one zone gets so many times as many calls as one of another, at least
OFF = '{"spec":{"trafficPolicy":{"loadBalancer":{"localityLbSetting":{"enabled":false}}}}}'
UNDO = '{"spec":{"trafficPolicy":{"loadBalancer":{"localityLbSetting":{"enabled":null}}}}}'


def cause(case: Case) -> Iterator[Finding]:
    """Callers whose sidecars weigh zones of equal priority, and send pods of some zones more; or that were told to
    spare slow pods and cannot, since one is alone in its zone."""
    for caller in case.through_sidecars:
        if case.judged.outcome in UNEVEN and zones_decide(case, caller):
            yield _uneven(case, caller)
            return
        slow = _slow(case, caller) if case.judged.outcome not in UNEVEN else None
        if slow is not None:
            yield _spared_in_vain(case, caller, *slow)
            return


def zones_decide(case: Case, caller: Caller) -> bool:
    """Whether the caller's sidecar draws a zone first, and a pod's calls depend on its zone."""
    means = _means(case, caller)
    return bool(means) and max(means.values()) >= TIMES * min(means.values())


def _means(case: Case, caller: Caller) -> Mapping[str, float]:
    """Calls to a pod of each zone, on average; {} where zones are not weighed, or not equal in priority."""
    zones, calls = _zones(case, caller), calls_of(case, caller.name)
    return {zone: sum(calls.get(name, 0) for name in names) / len(names) for zone, names in zones.items()}


def _zones(case: Case, caller: Caller) -> Mapping[str, list[str]]:
    """The servers of each zone between which the sidecar draws; {} where it does not draw between zones."""
    hosts = case.last_hosts(caller) if any(one.locality for one in case.clusters(caller)) else ()
    found: dict[str, list[str]] = {}
    for host in hosts:
        found.setdefault(host.zone, []).append(case.by_address.get(host.address, host.address))
    return found if len(found) > 1 and not any(host.priority for host in hosts) else {}


def _slow(case: Case, caller: Caller) -> tuple[str, float, float] | None:
    """The slow pod that is alone in its zone, for all that least request could do; and how many calls wait there and
    at a usual pod."""
    found = slow_pod(case, caller) if case.chooses_by(caller, "LEAST_REQUEST") else None
    return found if found is not None and [found[0]] in _zones(case, caller).values() else None


def _uneven(case: Case, caller: Caller) -> Finding:
    rule, zones = _rule(case, caller), _zones(case, caller)
    told = listing([f"{figure(mean)} calls to a pod of {zone or 'no zone'} ({count(len(zones[zone]), 'pod')})"
                    for zone, mean in sorted(_means(case, caller).items())])  # fmt: skip
    return Finding(
        CODE, NAME,
        sentence="A zone is drawn before a pod: where a zone has few pods for its weight, each of them gets more.",
        severity=Severity.PROBLEM if rule is None else Severity.NOTE,
        evidence=(_weighed(caller), Line(f"{short(caller.name)}: {told}", "callers' proxies"), *_told_by(rule)),
        fixes=_fixes(rule),
        explains=part_of(case, [one for one in case.through_sidecars if zones_decide(case, one)]),
    )  # fmt: skip


def _spared_in_vain(case: Case, caller: Caller, slow: str, most: float, usual: float) -> Finding:
    rule = _rule(case, caller)
    waits = f"{figure(most)} calls wait at {short(slow)} on average, {figure(usual)} at a usual pod"
    return Finding(
        CODE, NAME,
        sentence=f"{short(slow)} is slow and gets as many calls: a zone is drawn before a pod, and it is alone in its "
        "zone, where least request has no choice.",
        severity=Severity.RISK,
        evidence=(_weighed(caller), Line(f"{short(caller.name)}: {waits}", "callers' proxies"), *_told_by(rule)),
        fixes=_fixes(rule),
    )  # fmt: skip


def _rule(case: Case, caller: Caller) -> DestinationRule | None:
    """What tells the sidecar to weigh zones; None where that is the mesh's own configuration."""
    namespace = caller.pod.meta.namespace if caller.pod else case.evidence.namespace
    rule = destination_rule_for(case.evidence, namespace)
    return rule if rule is not None and rule.policy.locality else None


def _weighed(caller: Caller) -> Line:
    return Line(f"{short(caller.name)} weighs zones, all of one priority (locality_weighted_lb_config)",
                "callers' proxies")  # fmt: skip


def _told_by(rule: DestinationRule | None) -> tuple[Line, ...]:
    return () if rule is None else (Line(f"{rule.meta.reference} has localityLbSetting", "API"),)


def _fixes(rule: DestinationRule | None) -> tuple[Fix, ...]:
    more = Fix("have two pods or more in each zone, as many as its weight wants")
    if rule is None:
        where = "in the mesh's configuration, or in a DestinationRule for this host"
        return more, Fix("weigh no zones", advice=f"localityLbSetting: {{enabled: false}} {where}")
    patch = ("-n", rule.meta.namespace, "patch", "destinationrule", rule.meta.name, "--type", "merge", "-p")
    return Fix("weigh no zones", (kubectl(*patch, OFF),), (kubectl(*patch, UNDO),)), more
