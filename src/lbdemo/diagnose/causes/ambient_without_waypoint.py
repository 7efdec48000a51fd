"""LB325: in ambient mode nobody reads calls on the way: no waypoint does, and ztunnel passes connections on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.diagnose.ambient import (
    AMBIENT,
    FOR,
    MODE,
    USE,
    WAYPOINT_CLASS,
    bound,
    in_ambient,
    programmed,
    reads_calls,
    redirected,
)
from lbdemo.diagnose.findings import CannotTell, Finding, Fix, Line
from lbdemo.diagnose.fixes import applied, kubectl
from lbdemo.diagnose.fronts import is_front
from lbdemo.diagnose.parts import part_of, pods, severity_of, short
from lbdemo.kube.answers import Unseen
from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.kube.records.gateways import Gateway

CODE, NAME = "LB325", "ambient-without-waypoint"
USUAL = "waypoint"
"""How `istioctl waypoint apply` names one, unless it is told otherwise."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What keeps calls from being read, in words, and how that is mended."""

    what: str
    fix: Fix


def cause(case: Case) -> Iterator[Finding | CannotTell]:
    """Callers with few connections to pods in ambient mode, where no waypoint stands between them."""
    few = _passed_on(case)
    missing = _missing(case, few) if few else None
    if isinstance(missing, CannotTell):
        yield missing
    elif missing is not None:
        yield _finding(case, few, missing)


def without_waypoint(case: Case) -> list[Caller]:
    """The callers of which this cause is told."""
    few = _passed_on(case)
    return few if few and isinstance(_missing(case, few), Missing) else []


def _passed_on(case: Case) -> list[Caller]:
    """The callers whose connections to pods in ambient mode are passed on, and are too few."""
    service, own = case.evidence.service, case.namespace(case.evidence.namespace)
    if service.headless or len(case.ready) < 2 or not all(in_ambient(server.pod, own) for server in case.ready):
        return []
    return [caller for caller in case.plain if case.holds_few(caller) and not is_front(caller.pod)]


def _missing(case: Case, few: list[Caller]) -> Missing | CannotTell | None:
    gateways, binding = (
        case.evidence.surroundings.gateways,
        bound(case.evidence.service, case.namespace(case.evidence.namespace)),
    )
    if binding is None:
        return Missing(f"Service {case.evidence.name} is bound to no waypoint", _bind(case, gateways))
    if isinstance(gateways, Unseen):
        return CannotTell(CODE, NAME, f"the waypoint {binding[1]} could not be seen", ("gateways",))
    there = next((one for one in gateways if (one.meta.namespace, one.meta.name) == binding), None)
    if there is None:
        apply, undo = _make(*binding)
        return Missing(f"there is no waypoint {binding[1]} in namespace {binding[0]}",
                       Fix("make the waypoint that is named", (apply,), (undo,)))  # fmt: skip
    return _of_waypoint(there) or _outside(case, few)


def _of_waypoint(there: Gateway) -> Missing | None:
    """What keeps the waypoint that is bound from reading calls."""
    where, name, told = there.meta.namespace, there.meta.name, there.meta.labels.get(FOR, "")
    label = ("-n", where, "label", "gateway", name, "--overwrite")
    if not reads_calls(there):
        return Missing(f"waypoint {name} is for {told or there.gateway_class}, and not for Services",
                       Fix("let it be for Services", (kubectl(*label, f"{FOR}=service"),),
                           (kubectl(*label, f"{FOR}={told}"),)))  # fmt: skip
    if not programmed(there):
        return Missing(f"waypoint {name} does not work (Programmed is False)",
                       Fix("see why", (kubectl("-n", where, "describe", "gateway", name),)))  # fmt: skip
    return None


def _outside(case: Case, few: list[Caller]) -> Missing | None:
    """Callers that are not in ambient mode: nobody sends them through the waypoint."""
    out = [c for c in few if c.pod is not None and not in_ambient(c.pod, case.namespace_of(c))]
    if not out:
        return None
    spaces = sorted({caller.pod.meta.namespace for caller in out if caller.pod is not None})
    return Missing(
        f"{pods(c.name for c in out)} {'is' if len(out) == 1 else 'are'} not in ambient mode",
        Fix("take the callers into ambient mode",
            tuple(kubectl("label", "namespace", name, f"{MODE}={AMBIENT}", "--overwrite") for name in spaces),
            tuple(kubectl("label", "namespace", name, f"{MODE}-") for name in spaces),
            "connections that are there stay as they are"),
    )  # fmt: skip


def _bind(case: Case, gateways: tuple[Gateway, ...] | Unseen) -> Fix:
    """To bind the Service to a waypoint: to one that is there, or to a new one."""
    where, service = case.evidence.namespace, case.evidence.name
    known = gateways if isinstance(gateways, tuple) else ()
    there = next((one.meta.name for one in known if reads_calls(one) and one.meta.namespace == where), "")
    made = ((), ()) if there else tuple((each,) for each in _make(where, USUAL))
    label, before = ("-n", where, "label", "service", service), case.evidence.service.meta.labels.get(USE, "")
    back = (f"{USE}={before}", "--overwrite") if before else (f"{USE}-",)
    return Fix(
        "a waypoint, which chooses for each call",
        (*made[0], kubectl(*label, f"{USE}={there or USUAL}", "--overwrite")),
        (kubectl(*label, *back), *made[1]),
        "connections that are there stay as they are: make the callers' pods anew",
    )


def _make(where: str, name: str) -> tuple[str, str]:
    """The command that makes a waypoint, and its undo."""
    document = {
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": {"name": name, "namespace": where, "labels": {FOR: "service"}},
        "spec": {"gatewayClassName": WAYPOINT_CLASS,
                 "listeners": [{"name": "mesh", "port": 15008, "protocol": "HBONE"}]},
    }  # fmt: skip
    return applied(document), kubectl("-n", where, "delete", "gateway", name)


def _finding(case: Case, few: list[Caller], missing: Missing) -> Finding:
    held = tuple(
        Line(f"{short(c.name)} holds {count(case.connections(c), 'connection')}, to {pods(case.reached(c))}",
             "server sockets") for c in few[:4]
    )  # fmt: skip
    return Finding(
        CODE, NAME,
        sentence="The pods are in ambient mode and no waypoint reads calls: ztunnel passes connections on.",
        severity=severity_of(case),
        evidence=(Line(missing.what, "API"), *held),
        fixes=(missing.fix,),
        explains=part_of(case, few),
        possible=not all(redirected(server.pod) for server in case.ready),
    )  # fmt: skip
