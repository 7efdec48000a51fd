"""LB305: the caller has a sidecar, and what it sends goes past it."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.parts import part_of, short
from lbdemo.diagnose.patches import exchanged, merged
from lbdemo.diagnose.workloads import TEMPLATES
from lbdemo.kube.records.meta import Meta
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.diagnose.patches import Change

CODE, NAME = "LB305", "not-intercepted"
INCLUDED = "traffic.sidecar.istio.io/includeOutboundIPRanges"
PAST = ("traffic.sidecar.istio.io/excludeOutboundPorts", "traffic.sidecar.istio.io/excludeOutboundIPRanges", INCLUDED)
ANNOTATIONS = "/spec/template/metadata/annotations"
BY_HAND = "what a pod's hostNetwork or a range with a headless Service's pods keeps from it has to be changed by hand"


def cause(case: Case) -> Iterator[Finding]:
    """Callers whose connections their sidecars know nothing of, and that were told to leave some alone."""
    past = [caller for caller in case.through_sidecars if _past(case, caller)]
    told = [caller for caller in past if reasons(case, caller)]
    if told:
        yield _finding(case, told)


def _past(case: Case, caller: Caller) -> bool:
    known = any(host.connections_total for host in case.last_hosts(caller))
    return bool(case.envoy_looks(caller.name)) and not known and case.connections(caller) > 0


def reasons(case: Case, caller: Caller) -> list[str]:
    """What tells the caller's sidecar to leave this service's port or address alone."""
    if caller.pod is None:
        return []
    marks = caller.pod.meta.annotations
    ports = [port.strip() for port in marks.get(PAST[0], "").split(",")]
    found = [f"{PAST[0]}: {marks[PAST[0]]}"] if str(case.evidence.port.number) in ports else []
    found += [f"{name}: {marks[name]}" for name in PAST[1:] if marks.get(name, "*") not in ("", "*")]
    return found + (["hostNetwork: true"] if caller.pod.host_network else [])


def _finding(case: Case, told: list[Caller]) -> Finding:
    return Finding(
        CODE, NAME,
        sentence="The caller has a sidecar, and was told to send what goes to this service past it.",
        severity=Severity.PROBLEM,
        evidence=(
            *(Line(f"{short(c.name)} has {listing(reasons(case, c))}", "API") for c in told),
            *(Line(f"{short(c.name)} holds connections that its Envoy knows nothing of", "callers' proxies")
              for c in told),
        ),
        fixes=(_fix(case, told),),
        explains=part_of(case, told),
    )  # fmt: skip


def _fix(case: Case, told: list[Caller]) -> Fix:
    """What the callers' templates say, without this service's port and address."""
    done = {(c.pod.meta.namespace, c.workload): _taken(case, c) for c in told if c.pod is not None}
    pasted = [change for change in done.values() if change is not None]
    return Fix(
        "take the exclusion off the pods' template: they are made anew",
        tuple(line for commands, _ in pasted for line in commands), tuple(line for _, undo in pasted for line in undo),
        BY_HAND if len(pasted) < len(done) else "",
    )  # fmt: skip


def _taken(case: Case, caller: Caller) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The change of the template's annotations, and its undo; None where that would not help."""
    kind, _, name = caller.workload.partition("/")
    if caller.pod is None or kind not in TEMPLATES or caller.pod.host_network:
        return None
    marks = caller.pod.meta.annotations
    changes: list[Change] = [
        (f"{ANNOTATIONS}/{mark.replace('/', '~1')}", marks[mark], _without(case, mark, marks[mark]) or None)
        for mark in PAST if marks.get(mark, "*") not in ("", "*")
    ]  # fmt: skip
    meta, changed = Meta(kind, caller.pod.meta.namespace, name), [each for each in changes if each[1] != each[2]]
    back = {mark: marks[mark] for mark in PAST if mark in marks}
    undo = merged(meta, {"spec": {"template": {"metadata": {"annotations": back}}}})  # of which none may be left
    return (exchanged(meta, changed)[0], (undo,)) if changed else None


def _without(case: Case, mark: str, told: str) -> str:
    """An annotation's value that lets the sidecar have what goes to this service, and else says what it said."""
    parts = [part.strip() for part in told.split(",")]
    own = [address for address in case.evidence.service.cluster_ips if address != "None"]
    if mark == INCLUDED:
        missing = [address for address in own if not any(_covers(part, address) for part in parts)]
        return ",".join([*parts, *missing]) if missing else told
    port = str(case.evidence.port.number)
    kept = [part for part in parts if part != port and not any(_covers(part, address) for address in own)]
    return ",".join(kept) if kept != parts else told


def _covers(part: str, address: str) -> bool:
    """Whether the range has the address; a port has none."""
    try:
        return ip_address(address) in ip_network(part, strict=False)
    except ValueError:
        return False
