"""What the API server goes on telling: watches and logs, without a process each."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from typing import Any, Generic, TypeVar

from lbdemo.kube.answers import Right, UnseenError
from lbdemo.kube.client import Client, damaged
from lbdemo.kube.kinds import Kind
from lbdemo.kube.questions import Question
from lbdemo.kube.reads import UNREADABLE
from lbdemo.kube.refusals import Refusal

T = TypeVar("T")

WATCH = 240.0  # seconds after which the API server ends a watch by itself, unless told
SPARE = 10.0  # seconds that it may take longer over that


@dataclass(frozen=True, slots=True)
class Change(Generic[T]):
    """One event of a watch: ADDED, MODIFIED or DELETED, the object, and the version of the state after it."""

    type: str
    object: T
    version: str


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which part of a container's log: `since` in seconds, `since_time` RFC 3339, `tail` lines before its end."""

    container: str = ""
    follow: bool = False
    timestamps: bool = False
    previous: bool = False
    since: int | None = None
    since_time: str = ""
    tail: int | None = None

    def parameters(self) -> dict[str, str | int | None]:
        """As the API server takes them."""
        return {
            "container": self.container, "follow": _flag(self.follow), "timestamps": _flag(self.timestamps),
            "previous": _flag(self.previous), "sinceSeconds": self.since, "sinceTime": self.since_time,
            "tailLines": self.tail,
        }  # fmt: skip

    def typed(self) -> list[str]:
        """As kubectl takes them."""
        flags = [f"--{name}" for name in ("follow", "timestamps", "previous") if getattr(self, name)]
        since = [f"--since={self.since}s"] if self.since is not None else []
        since += [f"--since-time={self.since_time}"] if self.since_time else []
        tail = [f"--tail={self.tail}"] if self.tail is not None else []
        return [*(["-c", self.container] if self.container else []), *flags, *since, *tail]


def _flag(wanted: bool) -> str:
    return "true" if wanted else ""


class ExpiredError(Exception):
    """The version from which a watch was to go on is too old: list anew."""


class BrokenStreamError(Exception):
    """The connection broke in the middle of a stream: what came was not all."""


class Streams(Client):
    """What streams."""

    def watch(
        self, kind: Kind[T], namespace: str = "", *, since: str, selector: str = "", fields: str = "",
        seconds: float = WATCH,
    ) -> Generator[Change[T]]:  # fmt: skip
        """The changes after the version `since` (a listing's), as they come, for so many seconds.

        Raises ExpiredError, BrokenStreamError, or UnseenError.
        """
        right = Right("watch", kind.plural, kind.group, namespace if kind.namespaced else "")
        query: dict[str, str | int | None] = {
            "watch": "true", "resourceVersion": since, "labelSelector": selector, "fieldSelector": fields,
            "timeoutSeconds": max(1, round(seconds)),
        }  # fmt: skip
        question = Question(
            kind.where(namespace), right, kind.path(kind.versions[0], namespace), query=query, timeout=seconds + SPARE
        )
        for event in documents(self._chunks(question)):
            yield self._change(kind, question, event)

    def _change(self, kind: Kind[T], question: Question, event: Mapping[str, Any]) -> Change[T]:
        try:
            item = event["object"]
            if event["type"] != "ERROR":
                version = item["metadata"]["resourceVersion"]
                return Change(event["type"], kind.parse({"kind": kind.name, **item}), version)
        except UNREADABLE as error:
            raise UnseenError(self.unseen(question, damaged(error))) from error
        if item.get("code") == HTTPStatus.GONE:
            raise ExpiredError(item.get("message", ""))
        raise BrokenStreamError(item.get("message", ""))

    def logs(self, pod: str, namespace: str, query: LogQuery) -> Generator[bytes]:
        """A pod's log in pieces, as they come. Raises BrokenStreamError, or UnseenError."""
        right = Right("get", "pods/log", "", namespace, pod)
        place = f"/api/v1/namespaces/{namespace}/pods/{pod}/log"
        question = Question(
            f"the log of pod {pod} in namespace {namespace}", right, place, query=query.parameters(),
            timeout=None if query.follow else WATCH, typed=("-n", namespace, "logs", pod, *query.typed()),
        )  # fmt: skip
        yield from self._chunks(question)

    def _chunks(self, question: Question) -> Generator[bytes]:
        with self.stream(question) as answer:
            if isinstance(answer, Refusal):
                if answer.code == HTTPStatus.GONE:
                    raise ExpiredError(answer.message)
                raise UnseenError(self.unseen(question, answer))
            try:
                yield from answer
            except (OSError, HTTPException) as error:
                raise BrokenStreamError(str(error) or type(error).__name__) from error


def documents(chunks: Iterable[bytes]) -> Iterator[Mapping[str, Any]]:
    """The JSON objects of a stream that has one on each line, as they become whole.

    What is left when the stream ends in the middle of one is dropped: who watches takes up from the last whole one.
    """
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in filter(None, lines):
            try:
                document = json.loads(line)
            except ValueError as error:
                raise BrokenStreamError(f"no JSON in it: {error}") from error
            if not isinstance(document, dict):
                raise BrokenStreamError("no object in it")
            yield document
