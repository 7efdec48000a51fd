"""What a question to the cluster may answer besides a value: `Unseen`, with the reason and what would settle it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from lbdemo.errors import OperationFailedError

T = TypeVar("T")


class Why(StrEnum):
    """Why something could not be seen."""

    FORBIDDEN = "forbidden"  # the user lacks a right
    ABSENT = "not there"  # what was asked for a part of, such as the pod of a log, was looked for and is not there
    NO_SUCH_KIND = "no such kind"  # the API server serves nothing of that name
    TIMED_OUT = "timed out"  # no answer in time
    DAMAGED = "damaged"  # an answer that cannot be read
    BROKEN = "the API behind it is away"  # an aggregated API whose own server does not answer
    REFUSED = "refused"  # the API server answered with another failure
    LOGIN = "the login failed"  # the credential plugin could not get credentials
    UNKNOWN_USER = "the cluster does not know this user"
    AWAY = "the API server does not answer"
    UNREACHED = "not reached"  # what is asked by an address of its own, beside the API server

    @property
    def everything(self) -> bool:
        """Whether every other question would fail alike: nothing at all can be seen."""
        return self in {Why.LOGIN, Why.UNKNOWN_USER, Why.AWAY}


HINTS = {
    Why.FORBIDDEN: "ask for the right",
    Why.NO_SUCH_KIND: "`kubectl api-resources` lists what this cluster knows",
    Why.TIMED_OUT: "is the way there open (VPN, proxy)? `kubectl get --raw /readyz --request-timeout=9s` asks again",
    Why.BROKEN: "`kubectl get apiservices` names the API whose server does not answer",
    Why.LOGIN: "log in again: the words above are the credential plugin's own",
    Why.UNKNOWN_USER: "log in again",
    Why.AWAY: "is the cluster running, and is this the right context?",
}


@dataclass(frozen=True, slots=True)
class Right:
    """What a user may or may not do. `namespace` is "" for the whole cluster; `resource` may be `pods/log`."""

    verb: str
    resource: str
    group: str = ""
    namespace: str = ""
    name: str = ""

    @property
    def kind(self) -> str:
        """The resource as kubectl takes it, such as `virtualservices.networking.istio.io`."""
        plural, slash, part = self.resource.partition("/")
        return f"{plural}.{self.group}{slash}{part}" if self.group else self.resource

    def argv(self, context: str = "") -> list[str]:
        """The command that asks whether this user has it."""
        plural, _, part = self.kind.partition("/")
        where = ["-n", self.namespace] if self.namespace else ["-A"]
        named = f"{plural}/{self.name}" if self.name else plural
        chosen = ["--context", context] if context else []
        return ["kubectl", *chosen, "auth", "can-i", self.verb, named, *([f"--subresource={part}"] if part else []),
                *where]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.verb} {self.kind}" + (f" in namespace {self.namespace}" if self.namespace else "")


@dataclass(frozen=True, slots=True)
class Unseen:
    """Something that could not be seen. It is never the same as absent."""

    what: str  # such as `pods in namespace shop`
    why: Why
    detail: str = ""  # the words of whoever refused
    right: Right | None = None  # what would settle it, when a right is what is missing
    context: str = ""  # the kubeconfig context that was asked, "" for the current one

    @property
    def hint(self) -> str:
        """What a person can do about it."""
        if self.why is Why.FORBIDDEN and self.right is not None:
            return f"{HINTS[self.why]} to {self.right}; `{shlex.join(self.right.argv(self.context))}` asks for it"
        return HINTS.get(self.why, "")

    def __str__(self) -> str:
        return f"{self.what}: {self.why}" + (f": {self.detail}" if self.detail else "")


class UnseenError(OperationFailedError):
    """Raised for who cannot go on without having seen it. Exit code 5."""

    def __init__(self, unseen: Unseen) -> None:
        super().__init__(f"cannot see {unseen}", unseen.hint)
        self.unseen = unseen


def need(answer: T | Unseen) -> T:
    """The value; raises UnseenError where there is none."""
    if isinstance(answer, Unseen):
        raise UnseenError(answer)
    return answer


def seen(answers: Iterable[T | Unseen]) -> tuple[list[T], list[Unseen]]:
    """The values, and what could not be seen. Raises UnseenError when the reason is one that bars everything."""
    values: list[T] = []
    missing: list[Unseen] = []
    for answer in answers:
        if not isinstance(answer, Unseen):
            values.append(answer)
        elif answer.why.everything:
            raise UnseenError(answer)
        else:
            missing.append(answer)
    return values, missing


def missing_rights(unseen: Sequence[Unseen]) -> list[Right]:
    """The rights that would settle what could not be seen, each once."""
    return list(dict.fromkeys(item.right for item in unseen if item.right is not None and item.why is Why.FORBIDDEN))
