"""Which of Istio's objects made a sidecar take a port for TCP that says gRPC, and how it is talked out of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.diagnose.istio_scope import ROOT, exported_to
from lbdemo.diagnose.patches import Change

if TYPE_CHECKING:
    from lbdemo.diagnose.evidence import Caller, Evidence
    from lbdemo.kube.records.istio_listeners import ListenerRule, ToldListener
    from lbdemo.kube.records.meta import Meta
    from lbdemo.kube.records.pods import Pod

SIDECAR, ENTRY = "Sidecar", "ServiceEntry"
SELECTOR = "/spec/workloadSelector"
NOBODY = {"lbdemo.dev/set-aside": "true"}
"""Labels of no pod: what is for such pods only is as good as not there, and can be put back."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What an object says of the service's port at a caller, and the member of it to change."""

    meta: Meta
    said: str
    change: Change


def claims(evidence: Evidence, caller: Caller) -> tuple[Claim, ...]:
    """The objects that hold for the caller, and have its sidecar pass on what goes to the service's port."""
    found = evidence.surroundings.listener_rules
    if caller.pod is None or not isinstance(found, tuple):
        return ()
    holding = [rule for rule in found if _holds(rule, caller.pod)]
    mine = _nearest([rule for rule in holding if rule.meta.kind == SIDECAR], caller.pod)
    rules = (*mine, *(rule for rule in holding if rule.meta.kind != SIDECAR))
    return tuple(_claim(rule, told) for rule in rules for told in _passing(rule, evidence))


def _holds(rule: ListenerRule, pod: Pod) -> bool:
    if rule.meta.kind == ENTRY:
        return exported_to(rule.export_to, rule.meta.namespace, pod.meta.namespace)
    near = rule.meta.namespace in (pod.meta.namespace, ROOT)
    return near and rule.selector.items() <= pod.meta.labels.items()


def _nearest(sidecars: list[ListenerRule], pod: Pod) -> list[ListenerRule]:
    """The one of several that holds: of the pod's own namespace, for some of its pods before that for all."""
    return sorted(sidecars, key=lambda rule: (rule.meta.namespace != pod.meta.namespace, not rule.selector))[:1]


def _passing(rule: ListenerRule, evidence: Evidence) -> Iterator[ToldListener]:
    """What it says of the Service's port and address, where it has no requests read there."""
    for told in rule.listeners:
        ours = not told.addresses or not set(told.addresses).isdisjoint(evidence.service.cluster_ips)
        if told.port == evidence.port.number and ours and not told.reads:
            yield told


def _claim(rule: ListenerRule, told: ToldListener) -> Claim:
    if told.place:
        said = f"{rule.meta.reference} says {told.protocol or 'no protocol'} of port {told.port}"
        return Claim(rule.meta, said, (told.place, told.protocol or None, "GRPC"))
    before = {"labels": dict(rule.selector)} if rule.selector else None
    said = f"{rule.meta.reference} adds a listener of its own for port {told.port}"
    return Claim(rule.meta, said, (SELECTOR, before, {"labels": NOBODY}))
