"""Changes through the API server: create, replace, patch, delete. Each does it, or raises what kept it from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from lbdemo.errors import LbdemoError, OperationFailedError
from lbdemo.kube.answers import Right, Unseen
from lbdemo.kube.client import Client, Document
from lbdemo.kube.kinds import PODS, Kind
from lbdemo.kube.questions import MERGE, METADATA, STRATEGIC, TIMEOUT, Question
from lbdemo.kube.refusals import Refusal
from lbdemo.tools.failures import ConflictError, NotFoundError, TerminatingError

METHODS = {"get": "GET", "create": "POST", "update": "PUT", "patch": "PATCH", "delete": "DELETE"}


class RefusedError(OperationFailedError):
    """The API server did not do it: `unseen` says why. Exit code 5."""

    def __init__(self, message: str, unseen: Unseen) -> None:
        super().__init__(message, unseen.hint)
        self.unseen = unseen


class Deletion(StrEnum):
    """What a DELETE came to."""

    DONE = "deleted"  # or it will be, when its finalizers let go
    ABSENT = "was not there"
    ANOTHER = "is another object of the same name by now"  # the uid was not the one that was named


class Writes(Client):
    """What changes the cluster.

    Raises ConflictError (it exists already, or has changed meanwhile), NotFoundError (it, or its namespace, is not
    there), TerminatingError (its namespace is being deleted), and RefusedError for all else.
    """

    def create(self, kind: Kind[Any], document: Document, namespace: str = "", *, timeout: float = TIMEOUT) -> Document:
        """Creates the object; returns what the server made of it."""
        return self._write(
            _question("create", kind, namespace, "", _whole(kind, document), ("create", "-f", "-"), timeout)
        )

    def replace(
        self, kind: Kind[Any], document: Document, namespace: str = "", *, timeout: float = TIMEOUT
    ) -> Document:
        """Replaces the object; with a resourceVersion in it, only if it has not changed since."""
        name = document["metadata"]["name"]
        return self._write(
            _question("update", kind, namespace, name, _whole(kind, document), ("replace", "-f", "-"), timeout)
        )

    def patch(
        self, kind: Kind[Any], name: str, change: Mapping[str, Any], namespace: str = "", *, timeout: float = TIMEOUT
    ) -> Document:
        """Merges a change into the object: what is null in it is taken away."""
        typed = ("patch", f"{kind.resource}/{name}", "--type=merge", "-p", json.dumps(change))
        return self._write(replace(_question("patch", kind, namespace, name, change, typed, timeout), content=MERGE))

    def label(self, kind: Kind[Any], name: str, labels: Mapping[str, str | None], namespace: str = "") -> None:
        """Sets labels; None takes one away."""
        self.patch(kind, name, {"metadata": {"labels": dict(labels)}}, namespace)

    def add_container(self, pod: str, namespace: str, container: Mapping[str, Any]) -> Document:
        """Adds an ephemeral container to the pod: it stays in its specification for good."""
        right = Right("patch", f"{PODS.plural}/ephemeralcontainers", PODS.group, namespace, pod)
        typed = ("-n", namespace, "debug", pod, f"--image={container['image']}", f"--container={container['name']}",
                 "--profile=restricted", "--", *container["command"])  # fmt: skip
        path = f"{PODS.path(PODS.versions[0], namespace, pod)}/ephemeralcontainers"
        change = {"spec": {"ephemeralContainers": [container]}}
        what = f"ephemeral containers of pod {pod} in namespace {namespace}"
        return self._write(
            Question(what, right, path, METHODS["patch"], document=change, content=STRATEGIC, typed=typed)
        )

    def delete(
        self, kind: Kind[Any], name: str, namespace: str = "", *, uid: str = "", propagation: str = "Background",
        grace: int | None = None, timeout: float = TIMEOUT,
    ) -> Deletion:  # fmt: skip
        """Deletes the object, but no other one that has taken its name: with `uid`, only the one with that uid.

        `propagation` is Background, Foreground or Orphan, `grace` in seconds. Does not wait until it is gone.
        """
        given = {"preconditions": {"uid": uid} if uid else None, "gracePeriodSeconds": grace}
        options = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation,
                   **{name: value for name, value in given.items() if value is not None}}  # fmt: skip
        typed = ("delete", f"{kind.resource}/{name}", f"--cascade={propagation.lower()}", "--wait=false")
        question = _question("delete", kind, namespace, name, options, typed, timeout)
        answer = self.ask(question)
        if not isinstance(answer, Refusal):
            return Deletion.DONE
        if answer.absent:
            return Deletion.ABSENT
        if uid and answer.code == HTTPStatus.CONFLICT and self._is_another(kind, name, namespace, uid):
            return Deletion.ANOTHER
        raise self._error(question, answer)

    def _is_another(self, kind: Kind[Any], name: str, namespace: str, uid: str) -> bool:
        """Whether the object of that name has another uid: a conflict may have other reasons, too."""
        look = replace(_question("get", kind, namespace, name, None, (), TIMEOUT), accept=METADATA)
        found = self.document(look)
        return not isinstance(found, Refusal) and found.get("metadata", {}).get("uid") not in ("", None, uid)

    def _write(self, question: Question) -> Document:
        answer = self.document(question)
        if isinstance(answer, Refusal):
            raise self._error(question, answer)
        return answer

    def _error(self, question: Question, refused: Refusal) -> LbdemoError:
        unseen = self.unseen(question, refused)
        message = f"cannot {question.right.verb} {question.what}: {unseen.detail or refused.why}"
        if refused.terminating:
            return TerminatingError(message, "wait until the namespace is gone, and run the command again")
        if refused.reason == "NotFound":
            return NotFoundError(message, unseen.hint)
        if refused.code == HTTPStatus.CONFLICT:
            return ConflictError(message)
        return RefusedError(message, unseen)


def _question(
    verb: str, kind: Kind[Any], namespace: str, name: str, document: Document | None, typed: tuple[str, ...],
    timeout: float,
) -> Question:  # fmt: skip
    place = namespace if kind.namespaced else ""
    return Question(
        what=kind.where(namespace, name), right=Right(verb, kind.plural, kind.group, place, name),
        path=kind.path(kind.versions[0], namespace, name), method=METHODS[verb], document=document, timeout=timeout,
        typed=(*(("-n", place) if place else ()), *typed),
    )  # fmt: skip


def _whole(kind: Kind[Any], document: Document) -> Document:
    return {"apiVersion": kind.api_version(kind.versions[0]), "kind": kind.name, **document}
