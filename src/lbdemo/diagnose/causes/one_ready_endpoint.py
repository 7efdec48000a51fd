"""LB202: at most one pod is ready: there is nobody to share calls with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import CannotTell, Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl
from lbdemo.diagnose.parts import short
from lbdemo.diagnose.workloads import workload_of
from lbdemo.kube.answers import Unseen

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.kube.records.pods import Pod

CODE, NAME = "LB202", "one-ready-endpoint"


def cause(case: Case) -> Iterator[Finding | CannotTell]:
    """Fewer than two ready endpoints."""
    if isinstance(case.evidence.slices, Unseen):
        yield CannotTell(CODE, NAME, "the Service's endpoints could not be seen", (case.evidence.slices.what,))
        return
    if len(case.ready) > 1:
        return
    waiting = [pod for pod in _pods(case) if pod.stays and not pod.ready]
    if waiting:
        yield _not_ready(case, waiting)
    elif not case.servers:
        yield _nobody(case)
    else:
        yield _alone(case)


def _pods(case: Case) -> tuple[Pod, ...]:
    return case.evidence.servers if isinstance(case.evidence.servers, tuple) else ()


def _not_ready(case: Case, waiting: list[Pod]) -> Finding:
    return Finding(
        CODE, NAME,
        sentence=f"Only {len(case.ready)} of {len(case.ready) + len(waiting)} pods is ready: it gets all calls.",
        severity=Severity.PROBLEM,
        evidence=tuple(Line(f"{pod.name} is not ready: {why(pod)}", "API") for pod in waiting[:4]),
        fixes=(Fix("see why it does not become ready",
                   (kubectl("-n", case.evidence.namespace, "describe", "pod", waiting[0].name),)),),
        explains=1.0,
    )  # fmt: skip


def why(pod: Pod) -> str:
    """What keeps it from being ready, in the words of Kubernetes."""
    for container in pod.containers:
        if container.waiting:
            return f"{container.name} waits: {container.waiting}"
    told = next((c for c in pod.conditions if c.status == "False" and c.message), None)
    return f"{told.reason}: {told.message}" if told else "its readiness probe fails"


def _nobody(case: Case) -> Finding:
    selector = ",".join(f"{name}={value}" for name, value in case.evidence.service.selector.items())
    commands = (kubectl("-n", case.evidence.namespace, "get", "pods", "-l", selector),) if selector else ()
    return Finding(
        CODE, NAME,
        sentence="No pod stands behind the Service: its selector fits none.",
        severity=Severity.PROBLEM,
        evidence=(Line(f"Service {case.evidence.name} selects {selector or 'nothing'}, and has no endpoints", "API"),),
        fixes=(Fix("compare the selector with the pods' labels", commands),),
        explains=1.0,
    )  # fmt: skip


def _alone(case: Case) -> Finding:
    server = case.servers[0]
    owner = workload_of(server.pod) if server.pod else ""
    scale = kubectl("-n", case.evidence.namespace, "scale", owner, "--replicas=3") if owner else ""
    return Finding(
        CODE, NAME,
        sentence="There is one pod: nothing to balance.",
        severity=Severity.NOTE,
        evidence=(Line(f"{short(server.name)} is the only endpoint", "API"),),
        fixes=(Fix("have more of them", (scale,), (scale.replace("--replicas=3", "--replicas=1"),)),) if scale else (),
    )  # fmt: skip
