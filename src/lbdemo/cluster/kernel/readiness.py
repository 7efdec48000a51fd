"""Is a deployment ready, on its way, or never going to be? Read off the objects' own words; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lbdemo.cluster.kernel.objects import Objects
from lbdemo.kube.records.events import Event
from lbdemo.kube.records.pods import Container, Pod
from lbdemo.kube.records.workloads import Deployment

# Waiting reasons of a container that do not heal by waiting.
HOPELESS = frozenset(
    {"InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError", "CreateContainerError",
     "RunContainerError", "ImageInspectError"}
)  # fmt: skip
PULLING = frozenset({"ErrImagePull", "ImagePullBackOff"})
BACKING_OFF = frozenset({"ImagePullBackOff", "CrashLoopBackOff"})  # the kubelet tries again, ever more seldom
# Image errors that no further try changes, by the registry's or the runtime's own word.
FINAL_PULL = ("not found", "manifest unknown", "invalid reference", "no match for platform")
UNSCHEDULABLE = "Unschedulable"
# What autoscalers say of a pod that they make a node for: the Cluster Autoscaler, Karpenter.
SCALING_UP = frozenset({"TriggeredScaleUp", "Nominated"})
CRASHES = 2  # restarts after which a crash is no accident: the kubelet backs off for the second time


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a trouble may last before it is final, by what it is; no longer than --timeout in any case.

    A kubelet backs off for 10 s after a first failure. One that still does after `pull` or `crash` seconds has tried
    again, and failed again. An autoscaler says within `scheduling` seconds whether it makes a node (its scan takes
    10 s); one that does is waited for.
    """

    creation: float = 6.0  # pods that may not be made: a quota, or a webhook that is coming up
    scheduling: float = 30.0  # no node takes the pod
    pull: float = 15.0
    crash: float = 30.0


PATIENCE = Patience()


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
    return found + [Problem(subject, c.reason, c.message, PATIENCE.scheduling, pod.name) for c in unscheduled]


def _container_problems(pod: Pod, container: Container) -> list[Problem]:
    patience = _container_patience(container)
    if patience is None:
        return []
    subject = f"pod {pod.name}, container {container.name}"
    return [Problem(subject, container.waiting, _why(container), patience, pod.name, container.name)]


def _container_patience(container: Container) -> float | None:
    """How long the container may go on waiting for its reason; None when that is no trouble."""
    if container.waiting in HOPELESS:
        return 0.0
    if container.waiting in PULLING:
        return 0.0 if any(sign in container.message.lower() for sign in FINAL_PULL) else PATIENCE.pull
    if container.waiting == "CrashLoopBackOff":
        return 0.0 if container.restarts >= CRASHES else PATIENCE.crash
    return None


def identity(problem: Problem) -> tuple[str, str]:
    """What makes two looks see the same trouble: its words change while the kubelet tries again."""
    return problem.subject, "pull" if problem.reason in PULLING else problem.reason


def awaits_node(problem: Problem, events: Iterable[Event]) -> bool:
    """Whether an autoscaler has said that it makes a node for this pod."""
    said = {event.reason for event in events if event.name == problem.pod}
    return problem.reason == UNSCHEDULABLE and bool(said & SCALING_UP)


def _why(container: Container) -> str:
    if container.waiting == "CrashLoopBackOff" and container.exit_code is not None:
        reason = f" ({container.exit_reason})" if container.exit_reason else ""
        return f"it ends with exit code {container.exit_code}{reason}, {container.restarts} restarts so far"
    return container.message


def awaited(objects: Objects) -> list[str]:
    """The names of the newest pods that are not ready."""
    newest = objects.newest_hashes()
    return [pod.name for pod in objects.pods if _counts(pod, newest) and not pod.ready]


def complaint(objects: Objects, events: Iterable[Event]) -> str:
    """The newest warning about a pod that is not ready, "" when there is none.

    A probe that fails or a volume that cannot be mounted is no container's state: only the kubelet's events tell it.
    """
    waiting = awaited(objects)
    said = [event for event in events if event.kind == "Pod" and event.name in waiting]
    return f"pod {said[-1].name}: {said[-1].reason}: {' '.join(said[-1].message.split())}" if said else ""


def deployment_problems(deployment: Deployment) -> list[Problem]:
    """Why this deployment cannot even make its pods (quota, a refusing webhook), or has given up."""
    subject = f"deployment {deployment.meta.name}"
    found = []
    for condition in deployment.conditions:
        if condition.type == "ReplicaFailure" and condition.status == "True":
            found.append(Problem(subject, condition.reason, condition.message, PATIENCE.creation))
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
