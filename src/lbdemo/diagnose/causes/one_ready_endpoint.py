"""LB202: at most one pod is ready: there is nobody to share calls with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lbdemo.diagnose.app_protocols import NAMED
from lbdemo.diagnose.findings import CannotTell, Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl
from lbdemo.diagnose.parts import short
from lbdemo.diagnose.patches import exchanged
from lbdemo.diagnose.proxies import ISTIO, LINKERD
from lbdemo.diagnose.readiness import misled
from lbdemo.diagnose.times import LEARNT, age
from lbdemo.diagnose.workloads import workload_of
from lbdemo.kube.answers import Unseen
from lbdemo.kube.selectors import equal_to
from lbdemo.words import count, listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.kube.records.pods import ContainerPort, Pod
    from lbdemo.kube.records.services import Service
    from lbdemo.kube.records.workloads import Deployment

CODE, NAME = "LB202", "one-ready-endpoint"
SCALED = ("deployment", "statefulset", "replicaset", "replicationcontroller")
"""Workloads that `kubectl scale` makes larger; a DaemonSet has a pod for each node."""
MAKING = ("", "ContainerCreating", "PodInitializing")  # what a container waits for when nothing is wrong


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
        yield _no_such_port(case) if any(pod.ready for pod in _pods(case)) else _nobody(case)
    elif len(case.servers) > 1 or not case.ready:
        yield _not_serving(case)
    else:
        yield _alone(case)


def _pods(case: Case) -> tuple[Pod, ...]:
    return case.evidence.servers if isinstance(case.evidence.servers, tuple) else ()


def starts(pod: Pod, now: str) -> bool:
    """Whether the pod is on its way: young, and its containers are still being made."""
    seconds = age(pod, now)
    making = any(not c.running and c.waiting in MAKING for c in pod.containers if not c.init)
    return seconds is not None and seconds < LEARNT and making


def _not_ready(case: Case, waiting: list[Pod]) -> Finding:
    ready, all_ = len(case.ready), len(case.ready) + len(waiting)
    starting = all(starts(pod, case.evidence.made) for pod in waiting)
    probes = [probe for pod in waiting if (probe := misled(case, pod)) is not None]
    fixes = dict.fromkeys(probe.fix() for probe in probes)
    return Finding(
        CODE, NAME,
        sentence=f"Only {ready} of {all_} pods is ready: it gets all calls." if ready
        else f"None of {count(all_, 'pod')} is ready: calls fail.",
        severity=Severity.NOTE if starting else Severity.PROBLEM,
        evidence=(*(Line(f"{pod.name} is not ready: {why(pod)}", "API") for pod in waiting[:4]),
                  *(probe.line() for probe in probes[:1])),
        fixes=(*fixes, Fix("see why it does not become ready",
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


def _not_serving(case: Case) -> Finding:
    """Endpoints that are not ready, or leave, and no pod of which is known why."""
    ready, others = len(case.ready), [server for server in case.servers if not server.gets_calls]
    leaving = all(server.terminating for server in others)
    state = "leaves" if leaving else "is not ready"
    return Finding(
        CODE, NAME,
        sentence=f"Only {ready} of {len(case.servers)} endpoints takes new connections." if ready
        else "No endpoint takes new connections: calls fail.",
        severity=Severity.NOTE if leaving and ready else Severity.PROBLEM,
        evidence=tuple(Line(f"{short(server.name)} {state}", "API") for server in others[:4]),
        fixes=(Fix("see what the pods say", (kubectl("-n", case.evidence.namespace, "get", "pods", "-o", "wide"),)),),
        explains=1.0,
    )  # fmt: skip


def _no_such_port(case: Case) -> Finding:
    port, declared = case.evidence.port, _declared(case)
    wanted, named = port.target or port.number, sorted({each.name for each in declared if each.name})
    return Finding(
        CODE, NAME,
        sentence=f"Pods are ready, and none of them has the port {wanted} that the Service wants.",
        severity=Severity.PROBLEM,
        evidence=(Line(f"port {port.number} of Service {case.evidence.name} goes to {wanted}; "
                       f"the pods' containers name {listing(named) if named else 'no ports'}", "API"),),
        fixes=(_retargeted(case, declared),),
        explains=1.0,
    )  # fmt: skip


def _declared(case: Case) -> list[ContainerPort]:
    """The ports that containers of ready pods declare, without those of a mesh's proxy."""
    own = (c for pod in _pods(case) if pod.ready for c in pod.containers if c.name not in (ISTIO, LINKERD))
    return list(dict.fromkeys(port for container in own for port in container.ports if port.protocol == "TCP"))


def _retargeted(case: Case, declared: Sequence[ContainerPort]) -> Fix:
    """Another targetPort: the one port that there is, or the one that is named for gRPC; words only among several."""
    title, service, port = "give the Service a targetPort that the pods have", case.evidence.service, case.evidence.port
    named = [each for each in declared if each.name.partition("-")[0] in NAMED]
    chosen = declared if len(declared) == 1 else named
    if len(chosen) != 1:
        return Fix(title, advice="a number, or a name that the container has: the one at which the program serves gRPC")
    place, new = f"/spec/ports/{service.ports.index(port)}/targetPort", chosen[0].name or chosen[0].number
    commands, undo = exchanged(service.meta, [(place, port.target or port.number, new)])
    return Fix(title, commands, undo, f"{new} is what their containers declare")


def _nobody(case: Case) -> Finding:
    selector = equal_to(case.evidence.service.selector)
    return Finding(
        CODE, NAME,
        sentence="No pod stands behind the Service: its selector fits none." if selector
        else "Nobody stands behind the Service: it selects no pods, and nobody has written endpoints for it.",
        severity=Severity.PROBLEM,
        evidence=(Line(f"Service {case.evidence.name} selects {selector or 'nothing'}, and has no endpoints", "API"),),
        fixes=tuple(_selecting(case)) if selector else (),
        explains=1.0,
    )  # fmt: skip


def _selecting(case: Case) -> Iterator[Fix]:
    """The labels of the Deployment that comes nearest, or pods of it; and all labels to compare."""
    near, selector = _nearest(case), case.evidence.service.selector
    if near is not None and not selector.items() <= near.pod_labels.items():
        yield _select(case.evidence.service, near)
    elif near is not None and near.replicas == 0:
        scale = ("-n", case.evidence.namespace, "scale", f"deployment/{near.meta.name}")
        yield Fix(f"have pods of deployment/{near.meta.name}: it was scaled to none",
                  (kubectl(*scale, "--replicas=3"),), (kubectl(*scale, "--replicas=0"),))  # fmt: skip
    look = kubectl("-n", case.evidence.namespace, "get", "pods", "--show-labels")
    yield Fix("compare the selector with the pods' labels", (look,))


def _select(service: Service, near: Deployment) -> Fix:
    told = {name: near.pod_labels[name] for name in service.selector if name in near.pod_labels} or dict(near.selector)
    commands, undo = exchanged(service.meta, [("/spec/selector", dict(service.selector), told)])
    return Fix(f"let the Service select the pods of deployment/{near.meta.name}", commands, undo,
               f"these have {equal_to(told)}; if others are meant, give those the labels instead")  # fmt: skip


def _nearest(case: Case) -> Deployment | None:
    """The Deployment of the Service's name, or the one whose pods share most with its selector; None where two do."""
    there = case.evidence.surroundings.deployments
    wanted = case.evidence.service.selector.items()
    shares = {one.meta.name: len(wanted & one.pod_labels.items()) + (one.meta.name == case.evidence.name)
              for one in there} if isinstance(there, tuple) else {}  # fmt: skip
    most = max(shares.values(), default=0)
    best = [one for one in there if shares[one.meta.name] == most] if most and isinstance(there, tuple) else []
    return best[0] if len(best) == 1 else None


def _alone(case: Case) -> Finding:
    server = case.servers[0]
    owner = workload_of(server.pod) if server.pod else ""
    can = owner.partition("/")[0] in SCALED
    scale = kubectl("-n", case.evidence.namespace, "scale", owner, "--replicas=3") if can else ""
    return Finding(
        CODE, NAME,
        sentence="There is one pod: nothing to balance.",
        severity=Severity.NOTE,
        evidence=(Line(f"{short(server.name)} is the only endpoint", "API"),),
        fixes=(Fix("have more of them", (scale,), (scale.replace("--replicas=3", "--replicas=1"),)),) if scale else (),
    )  # fmt: skip
