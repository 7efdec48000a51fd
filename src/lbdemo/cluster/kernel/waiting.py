"""Waits for deployments, and gives up as soon as a pod says that it will not come."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable, Sequence

from lbdemo.cluster.kernel import readiness
from lbdemo.cluster.kernel.objects import Objects
from lbdemo.cluster.kernel.steps import Tools
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.errors import LbdemoError, NotReadyError
from lbdemo.kube.answers import UnseenError, need
from lbdemo.kube.kinds import DEPLOYMENTS, EVENTS, PODS, REPLICA_SETS
from lbdemo.kube.reads import Choice, Listing
from lbdemo.kube.records.events import Event
from lbdemo.kube.records.workloads import Deployment
from lbdemo.kube.streams import BrokenStreamError, ExpiredError, LogQuery

OURS = "`lbdemo build` delivers it; see --registry"
ISTIOS = "its hub and tag are values of Istio's chart: see --istio-values"
SOURCES = {"envoy": "--envoy-image names another", "istio-proxy": ISTIOS, "istio-init": ISTIOS, "discovery": ISTIOS}
GLANCE = 1.0  # seconds between two looks for what goes wrong
SLOW = 8.0  # seconds after which events are asked why it takes so long: a sidecar alone takes five
TICK = 0.1  # seconds to wait after a watch that broke
ASKED = 3  # pods whose events are asked for


def await_rollout(
    tools: Tools, namespace: str, names: Sequence[str], selector: str, timeout: float, say: Callable[[str], None]
) -> Objects:
    """Waits until the rollout of each named deployment is over; returns the objects seen then.

    The deployments are watched, so that success is seen at once and costs nothing; now and then we look for pods
    that will never start. Raises NotReadyError with the pod's own reason as soon as that is final, or
    with the last state seen after `timeout` seconds.
    """
    begun = tools.clock()
    deadline = begun + timeout
    since: dict[tuple[str, str], float] = {}
    while True:
        deployments = need(tools.api.listing(DEPLOYMENTS, Choice(namespace, selector)))
        objects = _objects(tools, namespace, selector, deployments.items)
        if readiness.complete(objects, names):
            return objects
        now = tools.clock()
        seen = readiness.problems(objects)
        since = {key: since.get(key, now) for key in map(readiness.identity, seen)}
        for problem in seen:
            lasts = now - since[readiness.identity(problem)]
            if lasts >= problem.patience and not _node_comes(tools, namespace, problem):
                raise hopeless(tools, namespace, names, problem)
        state = readiness.progress(objects) or "no deployment yet"
        reason = str(seen[0]) if seen else _complaint(tools, namespace, objects) if now - begun >= SLOW else ""
        say(f"{state}; {reason}" if reason else state)
        if now >= deadline:
            last = f"{state}; {reason}" if reason else state
            raise NotReadyError(f"{', '.join(names)} not ready after {timeout:.0f} s", last, _look(tools, namespace))
        tools.pause(0)
        _until_complete(tools, namespace, names, selector, deployments)


def _objects(tools: Tools, namespace: str, selector: str, deployments: tuple[Deployment, ...]) -> Objects:
    pods = need(tools.api.list(PODS, namespace, selector=selector))
    sets = need(tools.api.list(REPLICA_SETS, namespace, selector=selector))
    return Objects(pods, deployments, replica_sets=sets)


def _until_complete(
    tools: Tools, namespace: str, names: Sequence[str], selector: str, listed: Listing[Deployment]
) -> None:
    """Returns when the rollouts are over, or after a moment: then it is time for another look at everything."""
    there = {deployment.meta.name: deployment for deployment in listed.items}
    changes = tools.api.watch(DEPLOYMENTS, namespace, since=listed.version, selector=selector, seconds=GLANCE)
    try:
        with contextlib.closing(changes):
            for change in changes:
                tools.pause(0)
                there[change.object.meta.name] = change.object
                if readiness.complete(Objects(deployments=tuple(there.values())), names):
                    return
    except (ExpiredError, BrokenStreamError):
        tools.pause(TICK)
    except UnseenError:  # who may look need not be allowed to watch
        tools.pause(GLANCE)


def _node_comes(tools: Tools, namespace: str, problem: readiness.Problem) -> bool:
    """Whether an autoscaler makes a node for the pod; False also where its events may not be read."""
    if problem.reason != readiness.UNSCHEDULABLE:
        return False
    try:
        return readiness.awaits_node(problem, _events(tools, namespace, problem.pod))
    except LbdemoError:
        return False


def _complaint(tools: Tools, namespace: str, objects: Objects) -> str:
    try:
        asked = readiness.awaited(objects)[:ASKED]
        said = [event for pod in asked for event in _events(tools, namespace, pod, "type=Warning")]
        return readiness.complaint(objects, sorted(said, key=lambda event: event.last))
    except LbdemoError:  # who may look at pods need not be allowed to look at events
        return ""


def _events(tools: Tools, namespace: str, pod: str, *fields: str) -> list[Event]:
    """The events about a pod, the newest last. Those of a namespace may be thousands, and nobody's of ours."""
    about = ",".join((f"involvedObject.kind=Pod,involvedObject.name={pod}", *fields))
    return sorted(need(tools.api.list(EVENTS, namespace, fields=about)), key=lambda event: event.last)


def hopeless(tools: Tools, namespace: str, names: Sequence[str], problem: readiness.Problem) -> NotReadyError:
    """The error for a problem that waiting does not solve, with what the crashed container said last."""
    said = f"{problem}{_last_words(tools, namespace, problem)}"
    return NotReadyError(f"{', '.join(names)} cannot become ready", said, _hint(problem, tools, namespace))


def _last_words(tools: Tools, namespace: str, problem: readiness.Problem) -> str:
    if problem.reason != "CrashLoopBackOff":
        return ""
    query = LogQuery(problem.container, previous=True, tail=5)
    try:
        said = b"".join(tools.api.logs(problem.pod, namespace, query)).decode("utf-8", "replace")
    except (LbdemoError, BrokenStreamError):
        return ""
    return "".join(f"\n  | {line}" for line in said.splitlines() if line.strip())


def _hint(problem: readiness.Problem, tools: Tools, namespace: str) -> str:
    if "Image" in problem.reason or problem.reason == "ErrImagePull":
        return f"is the image's name right, and can the cluster's nodes pull it? {SOURCES.get(problem.container, OURS)}"
    if "quota" in problem.message:
        return f"`{_typed(tools, namespace, 'describe', 'resourcequota')}` shows what is used"
    if "webhook" in problem.message:
        look = _typed(tools, ISTIO_NAMESPACE, "get", "pods")
        return f"the webhook that must answer does not: look at its pods (for Istio: `{look}`)"
    if problem.reason == "Unschedulable":
        return "no node takes the pod: `kubectl get nodes` and fewer --replicas may help"
    return _look(tools, namespace)


def _look(tools: Tools, namespace: str) -> str:
    describe, events = (_typed(tools, namespace, *what) for what in (("describe", "pods"), ("get", "events")))
    return f"`{describe}` and `{events}` tell more"


def _typed(tools: Tools, namespace: str, *what: str) -> str:
    return shlex.join(tools.kubectl.argv(*what, namespace=namespace))
