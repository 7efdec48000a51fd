"""LB304: the namespace has sidecars injected, and the pod is older than that, or was left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import CannotTell, Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import made_anew
from lbdemo.diagnose.istio_scope import injects
from lbdemo.diagnose.parts import part_of, pods
from lbdemo.kube.answers import Unseen

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB304", "injected-too-late"
INJECT = "sidecar.istio.io/inject"


def cause(case: Case) -> Iterator[Finding | CannotTell]:
    """Callers without a sidecar in namespaces where new pods get one."""
    if len(case.ready) < 2 or case.evidence.service.headless:
        return
    few = [caller for caller in case.plain if case.holds_few(caller)]
    if few and isinstance(case.evidence.surroundings.namespaces, Unseen):
        yield CannotTell(CODE, NAME, "the callers' namespaces could not be seen: are sidecars injected there?")
        return
    told = [caller for caller in few if injects(case.namespace_of(caller))]
    if told:
        yield _finding(case, told)


def _finding(case: Case, told: list[Caller]) -> Finding:
    refused = [caller for caller in told if _refuses(caller)]
    seen = [
        Line(f"namespace {space} has {injects(case.namespace_of(caller))}; {pods([caller.name])} has no sidecar", "API")
        for caller in told[:4] if (space := caller.pod.meta.namespace if caller.pod else "")
    ]  # fmt: skip
    seen += [Line(f"{pods([c.name])} asks for none ({INJECT}: false)", "API") for c in refused]
    return Finding(
        CODE, NAME,
        sentence="Sidecars are injected in the caller's namespace, and its pod has none: it is older than that, or "
        "was left out.",
        severity=Severity.PROBLEM,
        evidence=tuple(seen),
        fixes=(Fix("make the pods anew", made_anew(caller for caller in told if caller not in refused),
                   advice="" if not refused else f"and take {INJECT}: false off the pod's template"),),
        explains=part_of(case, told),
    )  # fmt: skip


def _refuses(caller: Caller) -> bool:
    if caller.pod is None:
        return False
    return "false" in (caller.pod.meta.labels.get(INJECT), caller.pod.meta.annotations.get(INJECT))
