"""Waits for deployments, and gives up as soon as a pod says that it will not come."""

from __future__ import annotations

import contextlib
import json
import shlex
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from lbdemo.cluster.kernel import readiness
from lbdemo.cluster.kernel.objects import Objects, fetch
from lbdemo.cluster.kernel.steps import Tools
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.errors import LbdemoError, NotReadyError
from lbdemo.kube.records.events import Event, parse_event

OURS = "`lbdemo build` delivers it; see --registry"
ISTIOS = "its hub and tag are values of Istio's chart: see --istio-values"
SOURCES = {"envoy": "--envoy-image names another", "istio-proxy": ISTIOS, "istio-init": ISTIOS, "discovery": ISTIOS}
GLANCE = 1.0  # seconds between two looks for what goes wrong; a look costs about 0.1 s of CPU
SLOW = 8.0  # seconds after which events are asked why it takes so long: a sidecar alone takes five
TICK = 0.02
KINDS = "deployments,replicasets,pods"


def await_rollout(
    tools: Tools, namespace: str, names: Sequence[str], selector: str, timeout: float, say: Callable[[str], None]
) -> Objects:
    """Waits until the rollout of each named deployment is over; returns the objects seen then.

    `kubectl rollout status` watches, so that success is seen at once and costs nothing; beside it we look now and
    then for pods that will never start. Raises NotReadyError with the pod's own reason as soon as that is final, or
    with the last state seen after `timeout` seconds.
    """
    begun = tools.clock()
    deadline = begun + timeout
    since: dict[tuple[str, str], float] = {}
    while True:
        with ThreadPoolExecutor(1) as pool:
            watching = pool.submit(_watch, tools, namespace, selector, GLANCE)
            while not watching.done():
                tools.pause(TICK)
        objects = fetch(tools.kubectl, KINDS, namespace=namespace, selector=selector)
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


def _node_comes(tools: Tools, namespace: str, problem: readiness.Problem) -> bool:
    """Whether an autoscaler makes a node for the pod; False also where its events may not be read."""
    if problem.reason != readiness.UNSCHEDULABLE:
        return False
    try:
        return readiness.awaits_node(problem, _events(tools, namespace, f"involvedObject.name={problem.pod}"))
    except LbdemoError:
        return False


def _complaint(tools: Tools, namespace: str, objects: Objects) -> str:
    try:
        return readiness.complaint(objects, _events(tools, namespace, "type=Warning"))
    except LbdemoError:  # who may look at pods need not be allowed to look at events
        return ""


def _events(tools: Tools, namespace: str, fields: str) -> list[Event]:
    """The namespace's events that the field selector chooses, the newest last."""
    what = ("get", "events", "--field-selector", fields, "-o", "json")
    items = json.loads(tools.kubectl.call(*what, namespace=namespace))["items"]
    return sorted(map(parse_event, items), key=lambda event: event.last)


def _watch(tools: Tools, namespace: str, selector: str, seconds: float) -> None:
    """Returns when the deployments' rollouts are over, or after so many seconds."""
    what = ("rollout", "status", "deployment", "-l", selector, f"--timeout={seconds:g}s")
    with contextlib.suppress(LbdemoError):  # time over, or nothing there yet: the look that follows tells
        tools.kubectl.call(*what, namespace=namespace, timeout=seconds + 10)


def hopeless(tools: Tools, namespace: str, names: Sequence[str], problem: readiness.Problem) -> NotReadyError:
    """The error for a problem that waiting does not solve, with what the crashed container said last."""
    said = f"{problem}{_last_words(tools, namespace, problem)}"
    return NotReadyError(f"{', '.join(names)} cannot become ready", said, _hint(problem, tools, namespace))


def _last_words(tools: Tools, namespace: str, problem: readiness.Problem) -> str:
    if problem.reason != "CrashLoopBackOff":
        return ""
    try:
        said = tools.kubectl.logs(problem.pod, namespace, "-c", problem.container, "--previous", "--tail=5")
    except LbdemoError:
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
