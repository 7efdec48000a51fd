"""LB304: the namespace has sidecars injected, and the pod is older than that, or was left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import CannotTell, Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import let_in, made_anew
from lbdemo.diagnose.istio_scope import INJECT, injects, refuses
from lbdemo.diagnose.parts import part_of, pods
from lbdemo.kube.answers import Unseen

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB304", "injected-too-late"


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
    refusing = [caller for caller in told if refuses(caller.pod)]
    seen = [
        Line(f"namespace {space} has {injects(case.namespace_of(caller))}; {pods([caller.name])} has no sidecar", "API")
        for caller in told[:4] if (space := caller.pod.meta.namespace if caller.pod else "")
    ]  # fmt: skip
    seen += [Line(f"{pods([c.name])} asks for none ({INJECT}: false)", "API") for c in refusing]
    why = "asks for none" if refusing == told else "has none: it is older than that, or was left out"
    return Finding(
        CODE, NAME,
        sentence=f"Sidecars are injected in the caller's namespace, and its pod {why}.",
        severity=Severity.PROBLEM,
        evidence=tuple(seen),
        fixes=tuple(_fixes(told, refusing)),
        explains=part_of(case, told),
    )  # fmt: skip


def _fixes(told: list[Caller], refusing: list[Caller]) -> Iterator[Fix]:
    older = [caller for caller in told if caller not in refusing]
    if older:
        yield Fix("make the pods anew", made_anew(older))
    if refusing:
        yield Fix(f"let the caller have a sidecar: {INJECT} does not say false any more", *let_in(refusing),
                  "its pods are made anew by that; there may be a reason why it was told so")  # fmt: skip
