"""The buttons: what may be done to the servers from the page, each as the command that it runs."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lbdemo.cluster.install.strategies.base import ADMIN_PORT
from lbdemo.cluster.kernel import labels
from lbdemo.errors import InputError, LbdemoError
from lbdemo.kube.records.pods import Pod
from lbdemo.tools.kubectl import Kubectl

DELAY_MS = 200
COUNTS = range(1, 21)  # servers that a page may ask for
CONTAINER = "echo"


@dataclass(frozen=True, slots=True)
class Action:
    """One button: what the page sends when it is pressed, what stands on it, and kubectl's arguments."""

    request: Mapping[str, Any]
    label: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it: the command, whether it went well, and what it said."""

    command: str
    ok: bool
    text: str


def offered(pods: Sequence[Pod], replicas: int) -> list[Action]:
    """The buttons for these servers, of which there should be `replicas`."""
    names = [pod.name for pod in pods]
    return [
        *(_scale(count) for count in (replicas + 1, replicas - 1) if count in COUNTS),
        *(make(name) for name in names for make in (_delete, _slow, _sick, _well)),
        Action(
            {"action": "restart"},
            "restart all, one after another",
            ("rollout", "restart", f"deployment/{labels.SERVER}"),
        ),
    ]


def _scale(count: int) -> Action:
    arguments = ("scale", f"deployment/{labels.SERVER}", f"--replicas={count}")
    return Action({"action": "scale", "replicas": count}, f"scale to {count}", arguments)


def _delete(pod: str) -> Action:
    return Action({"action": "delete-pod", "pod": pod}, f"delete {pod}", ("delete", f"pod/{pod}", "--wait=false"))


def _slow(pod: str) -> Action:
    request = {"action": "slow", "pod": pod, "delayMs": DELAY_MS}
    return Action(request, f"make {pod} {DELAY_MS} ms slower", _fault(pod, DELAY_MS, 0))


def _sick(pod: str) -> Action:
    return Action({"action": "sick", "pod": pod, "unavailable": 1}, f"make {pod} fail every call", _fault(pod, 0, 1))


def _well(pod: str) -> Action:
    return Action({"action": "slow", "pod": pod, "delayMs": 0}, f"make {pod} well again", _fault(pod, 0, 0))


def _fault(pod: str, delay_ms: int, unavailable: int) -> tuple[str, ...]:
    peer = ("lbdemo", "peer", "fault", "--target", f"127.0.0.1:{ADMIN_PORT}")
    return ("exec", pod, "-c", CONTAINER, "--", *peer, "--delay-ms", f"{delay_ms}", "--unavailable", f"{unavailable}")


class Desk:
    """Takes what a page asks to be done: a button, and nothing else. `replicas` says how many servers are wanted."""

    def __init__(self, kubectl: Kubectl, namespace: str, replicas: Callable[[], int]) -> None:
        self._kubectl = kubectl
        self._namespace = namespace
        self._replicas = replicas

    def command(self, action: Action) -> str:
        """The command, to paste."""
        return shlex.join(self._kubectl.argv(*action.arguments, namespace=self._namespace))

    def listed(self, pods: Sequence[Pod]) -> list[dict[str, Any]]:
        """The buttons, as the page reads them."""
        return [{**each.request, "label": each.label, "command": self.command(each)} for each in self._offered(pods)]

    def find(self, request: object, pods: Sequence[Pod]) -> Action:
        """The button that was pressed. Raises InputError for what is none."""
        buttons = [*map(_scale, COUNTS), *offered(pods, 0)]
        action = next((each for each in buttons if each.request == request), None)
        if action is None:
            raise InputError("there is no such button now", "the servers have changed: load the buttons again")
        return action

    def do(self, action: Action) -> Done:
        """Runs its command."""
        try:
            said = self._kubectl.call(*action.arguments, namespace=self._namespace)
        except LbdemoError as error:
            return Done(self.command(action), False, error.message)
        return Done(self.command(action), True, said.strip())

    def _offered(self, pods: Sequence[Pod]) -> list[Action]:
        return offered(pods, self._replicas())
