"""A container of ours in pods that have no program to look with: only where a person asks for it.

It is an ephemeral one, which stays in the pod's specification until the pod ends (nobody can take it out), and runs for
an hour at most; whoever looks again meanwhile uses it. It asks for nothing that a restricted pod security refuses.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lbdemo.errors import LbdemoError
from lbdemo.kube.answers import Unseen, Why
from lbdemo.kube.kinds import PODS
from lbdemo.kube.side_by_side import each
from lbdemo.kube.writes import RefusedError
from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.diagnose.collect.asked import Means
    from lbdemo.kube.records.pods import Container, Pod

NAME = "lbdemo-probe"
LIFE = 3600  # seconds that its program runs: a container that nobody needs any more should not
READY = 60.0  # seconds that the image and its start may take
LOOK = 0.3  # seconds between two looks at whether it runs
USER = 10001
STUCK = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError", "CreateContainerError",
         "RunContainerError")  # fmt: skip


def specification(image: str, name: str) -> dict[str, Any]:
    """The container: a Python that waits, as a restricted pod security wants it."""
    return {
        "name": name, "image": image, "command": ["python3", "-c", f"import time; time.sleep({LIFE})"],
        "securityContext": {
            "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True,
            "runAsNonRoot": True, "runAsUser": USER, "seccompProfile": {"type": "RuntimeDefault"},
        },
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Probed:
    """The pods with their probes, and why some have none."""

    pods: tuple[Pod, ...]
    unseen: tuple[Unseen, ...] = ()


def probed(
    means: Means, pods: Sequence[Pod], image: str, clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> Probed:  # fmt: skip
    """Adds a probe to each of the pods, and waits until it runs. What it does is said before it is done."""
    means.say(
        f"adding a container of {image} to {count(len(pods), 'pod')}: it stays in its specification until it ends"
    )
    found = each(lambda pod: _one(means, pod, image, clock, pause), pods)
    there = tuple(one for one in found if not isinstance(one, Unseen))
    return Probed(there, tuple(one for one in found if isinstance(one, Unseen)))


def _one(
    means: Means, pod: Pod, image: str, clock: Callable[[], float], pause: Callable[[float], None]
) -> Pod | Unseen:
    name, begun = f"{NAME}-{uuid.uuid4().hex[:6]}", clock()
    what = f"sockets of pod {pod.name} in namespace {pod.meta.namespace}, by a probe"
    try:
        means.api.add_container(pod.name, pod.meta.namespace, specification(image, name))
    except RefusedError as error:
        return error.unseen
    except LbdemoError as error:
        return Unseen(what, Why.REFUSED, error.message)
    while True:
        seen = means.api.get(PODS, pod.name, pod.meta.namespace)
        if seen is None or isinstance(seen, Unseen):
            return seen or Unseen(what, Why.ABSENT, "the pod is gone")
        container = next((one for one in seen.ephemeral if one.name == name), None)
        if container is not None and (container.running or over(container)):
            return seen if container.running else Unseen(what, Why.REFUSED, over(container))
        if clock() - begun > READY:
            return Unseen(what, Why.TIMED_OUT, f"{name} did not start: {container.waiting if container else 'unseen'}")
        pause(LOOK)


def over(container: Container) -> str:
    """Why it will not run any more; "" while it may."""
    if container.exit_code is not None:
        return f"{container.name} ended with exit code {container.exit_code}: {container.message}"
    return f"{container.name}: {container.waiting}: {container.message}" if container.waiting in STUCK else ""
