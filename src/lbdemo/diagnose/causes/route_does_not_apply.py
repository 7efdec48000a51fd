"""LB323: a route for this service does not hold for its callers in the mesh."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl
from lbdemo.diagnose.istio_scope import exported_to, fits, routes_meant_for, virtual_services_for, whole_name
from lbdemo.diagnose.parts import pods
from lbdemo.kube.records.istio import MESH
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller, Evidence
    from lbdemo.kube.records.istio import VirtualService

CODE, NAME = "LB323", "route-does-not-apply"
ANY = "*"


def cause(case: Case) -> Iterator[Finding]:
    """VirtualServices for this service of which its callers' sidecars heed none.

    Where they heed another one, somebody has thought of them.
    """
    without = [c for c in case.through_sidecars if c.pod and not _heeds(case.evidence, c.pod.meta.namespace)]
    if not without:
        return
    for one in routes_meant_for(case.evidence):
        missed = [c for c in without if c.pod and _why_not(case.evidence, one, c.pod.meta.namespace)]
        if missed:
            yield _finding(case, one, missed)


def _heeds(evidence: Evidence, namespace: str) -> bool:
    return next(virtual_services_for(evidence, namespace), None) is not None


def _why_not(evidence: Evidence, one: VirtualService, namespace: str) -> list[str]:
    """Why sidecars in the namespace do not heed it."""
    hosts = [whole_name(host, one.meta.namespace, evidence.domain) for host in one.hosts]
    named = any(fits(host, evidence.host) for host in hosts)
    seen = exported_to(one.export_to, one.meta.namespace, namespace)
    return [
        *([] if named else [f"its hosts are {listing(hosts)}, and callers use {evidence.host}"]),
        *([] if MESH in one.gateways else [f"it holds for {listing(list(one.gateways))}, and not for {MESH}"]),
        *([] if seen else [f"it is exported to {listing(list(one.export_to))}, and not to {namespace}"]),
    ]


def _finding(case: Case, one: VirtualService, missed: list[Caller]) -> Finding:
    space = missed[0].pod.meta.namespace if missed[0].pod else ""
    return Finding(
        CODE, NAME,
        sentence=f"{one.meta.reference} says where this service's calls go, and not those of "
        f"{pods(c.name for c in missed)}.",
        severity=Severity.NOTE,
        evidence=tuple(Line(f"{one.meta.reference}: {why}", "API") for why in _why_not(case.evidence, one, space)),
        fixes=(_let_it_hold(case.evidence, one, space),),
    )  # fmt: skip


def _let_it_hold(evidence: Evidence, one: VirtualService, namespace: str) -> Fix:
    """The change of its hosts, gateways and export that lets it hold; a host of `*` must not stand in the mesh."""
    title = "if it is meant for callers in the mesh, let it hold there"
    if ANY in one.hosts:
        return Fix(title, advice=f"write a second VirtualService for {evidence.host}: in the mesh none may have host *")
    hosts = [whole_name(host, one.meta.namespace, evidence.domain) for host in one.hosts]
    old: dict[str, object] = {}
    new: dict[str, object] = {}
    if not any(fits(host, evidence.host) for host in hosts):
        old["hosts"], new["hosts"] = list(one.hosts), [*one.hosts, evidence.host]
    if MESH not in one.gateways:
        old["gateways"], new["gateways"] = list(one.gateways), [*one.gateways, MESH]
    if not exported_to(one.export_to, one.meta.namespace, namespace):
        old["exportTo"], new["exportTo"] = list(one.export_to), [*one.export_to, namespace]
    patch = ("-n", one.meta.namespace, "patch", "virtualservice", one.meta.name, "--type", "merge", "-p")
    return Fix(
        title,
        (kubectl(*patch, json.dumps({"spec": new})),),
        (kubectl(*patch, json.dumps({"spec": old})),),
        "then look again: only now does it decide where their calls go",
    )
