"""Is a deployment ready, on its way, or never going to be? Read off the objects' own words; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lbdemo.cluster.kernel.objects import Objects
from lbdemo.kube.records.events import Event
from lbdemo.kube.records.pods import Container, Pod
from lbdemo.kube.records.workloads import Deployment

# Waiting reasons of a container that do not heal by waiting. ErrImagePull and a first crash may: they count
# once the kubelet backs off (ImagePullBackOff, CrashLoopBackOff), which it does within seconds.
HOPELESS = frozenset(
    {"InvalidImageName", "ErrImageNeverPull", "ImagePullBackOff", "CrashLoopBackOff", "CreateContainerConfigError",
     "CreateContainerError", "RunContainerError", "ImageInspectError"}
)  # fmt: skip
# Image errors that a second try does not change either, by what the runtime says.
FINAL_PULL = ("not found", "manifest unknown", "denied", "unauthorized", "invalid reference", "no match for platform")
PATIENCE = 6.0  # seconds that scheduling and pod creation may be refused: a webhook or a node may be coming up


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps a pod or a deployment from starting. `patience` is the seconds it may last before it is final."""

    subject: str  # "pod echo-server-…" or "deployment echo-server"
    reason: str  # the field's own word, such as ImagePullBackOff
    message: str
    patience: float = 0.0
    pod: str = ""
    container: str = ""

    def __str__(self) -> str:
        return f"{self.subject}: {self.reason}" + (f": {self.message}" if self.message else "")


def problems(objects: Objects) -> list[Problem]:
    """What stands in the way of the newest pods and of the deployments, worst first.

    A deployment whose newest specification the controller has not seen yet only shows the troubles of an older one.
    """
    settled = replace(objects, deployments=tuple(d for d in objects.deployments if d.settled))
    newest = settled.newest_hashes()
    found = [p for pod in objects.pods if _counts(pod, newest) for p in pod_problems(pod)]
    found += [p for deployment in settled.deployments for p in deployment_problems(deployment)]
    return sorted(found, key=lambda problem: problem.patience)


def _counts(pod: Pod, newest: frozenset[str]) -> bool:
    return not pod.meta.deleting and pod.meta.labels.get("pod-template-hash", "") in newest


def pod_problems(pod: Pod) -> list[Problem]:
    """Why this pod does not start, in its own words."""
    subject = f"pod {pod.name}"
    found = [p for container in pod.containers for p in _container_problems(pod, container)]
    unscheduled = (c for c in pod.conditions if c.type == "PodScheduled" and c.status == "False")
    return found + [Problem(subject, c.reason, c.message, PATIENCE, pod.name) for c in unscheduled]


def _container_problems(pod: Pod, container: Container) -> list[Problem]:
    subject = f"pod {pod.name}, container {container.name}"
    if container.waiting in HOPELESS:
        return [Problem(subject, container.waiting, _why(container), 0.0, pod.name, container.name)]
    if container.waiting == "ErrImagePull":
        final = any(sign in container.message.lower() for sign in FINAL_PULL)
        return [
            Problem(subject, container.waiting, container.message, 0.0 if final else PATIENCE, pod.name, container.name)
        ]
    return []


def _why(container: Container) -> str:
    if container.waiting == "CrashLoopBackOff" and container.exit_code is not None:
        reason = f" ({container.exit_reason})" if container.exit_reason else ""
        return f"it ends with exit code {container.exit_code}{reason}, {container.restarts} restarts so far"
    return container.message


def complaint(objects: Objects, events: Iterable[Event]) -> str:
    """The newest warning about a pod that is not ready, "" when there is none.

    A probe that fails or a volume that cannot be mounted is no container's state: only the kubelet's events tell it.
    """
    newest = objects.newest_hashes()
    awaited = {pod.name for pod in objects.pods if _counts(pod, newest) and not pod.ready}
    said = [event for event in events if event.kind == "Pod" and event.name in awaited]
    return f"pod {said[-1].name}: {said[-1].reason}: {' '.join(said[-1].message.split())}" if said else ""


def deployment_problems(deployment: Deployment) -> list[Problem]:
    """Why this deployment cannot even make its pods (quota, a refusing webhook), or has given up."""
    subject = f"deployment {deployment.meta.name}"
    found = []
    for condition in deployment.conditions:
        if condition.type == "ReplicaFailure" and condition.status == "True":
            found.append(Problem(subject, condition.reason, condition.message, PATIENCE))
        if condition.type == "Progressing" and condition.reason == "ProgressDeadlineExceeded":
            found.append(Problem(subject, condition.reason, condition.message))
    return found


def progress(objects: Objects) -> str:
    """How far the deployments are, in one line, such as `echo-server 1/2 ready, echo-client 0/1 ready`."""
    return ", ".join(_far(d, objects) for d in sorted(objects.deployments, key=lambda d: d.meta.name))


def _far(deployment: Deployment, objects: Objects) -> str:
    """Counts the newest pods only: a deployment's own figure has those of an older rollout in it, too."""
    name, newest = deployment.meta.name, objects.newest_hashes()
    prefixes = tuple(f"{name}-{hash_}-" for hash_ in newest)
    ready = sum(pod.ready for pod in objects.pods if pod.name.startswith(prefixes))
    old = deployment.total - deployment.updated
    return f"{name} {ready}/{deployment.replicas} ready" + (f", {old} old to go" if old > 0 else "")


def complete(objects: Objects, names: Iterable[str]) -> bool:
    """Whether each named deployment is there and its rollout is over."""
    there = {d.meta.name: d for d in objects.deployments}
    return all(name in there and there[name].complete for name in names)
