"""Objects as typed records: one, a list, names only. Each answer is the value or `Unseen`."""

from __future__ import annotations

import builtins
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, TypeVar

from lbdemo.kube.answers import Right, Unseen, Why
from lbdemo.kube.client import Client, Document, damaged
from lbdemo.kube.kinds import Kind
from lbdemo.kube.questions import JSON, METADATA_LIST, TIMEOUT, Question
from lbdemo.kube.records.meta import Meta, parse_meta
from lbdemo.kube.refusals import Refusal

T = TypeVar("T")

PAGE = 500  # objects that a page of a long list has at most: it bounds what is in memory, here and in the API server
RELISTS = 3  # how often a long list is begun whose pages have expired
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)  # what a parser raises at JSON of another shape


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """A list, and the version of the cluster's state that it shows: a watch goes on from there.

    `more` says that there is more of it than was asked for, `left` how many more, where the API server has told that.
    """

    items: tuple[T, ...]
    version: str
    more: bool = False
    left: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """Which objects of a kind: selectors as kubectl takes them, "" for all; at most `limit`, None for all."""

    namespace: str = ""
    selector: str = ""
    fields: str = ""
    limit: int | None = None
    accept: str = JSON
    timeout: float = TIMEOUT


class Reads(Client):
    """What reads objects."""

    @cached_property
    def _served(self) -> dict[str, str]:
        """By resource: the version that this cluster serves, once that is known."""
        return {}

    def get(self, kind: Kind[T], name: str, namespace: str = "", *, timeout: float = TIMEOUT) -> T | Unseen | None:
        """One object; None when it is not there."""
        right = Right("get", kind.plural, kind.group, namespace if kind.namespaced else "", name)
        question = Question(kind.where(namespace, name), right, "", timeout=timeout)
        answer = self._of_some_version(kind, question, namespace, name)
        if isinstance(answer, Refusal):
            return None if answer.absent else self.unseen(question, answer)
        try:
            return kind.parse({"kind": kind.name, **answer})
        except UNREADABLE as error:
            return self.unseen(question, damaged(error))

    def list(
        self, kind: Kind[T], namespace: str = "", *, selector: str = "", fields: str = "", limit: int | None = None,
        timeout: float = TIMEOUT,
    ) -> tuple[T, ...] | Unseen:  # fmt: skip
        """The objects of a kind, of all namespaces where none is named; at most `limit` of them."""
        found = self.listing(kind, Choice(namespace, selector, fields, limit, JSON, timeout))
        return found if isinstance(found, Unseen) else found.items

    def metas(
        self, kind: Kind[Any], namespace: str = "", *, selector: str = "", fields: str = "", limit: int | None = None,
        timeout: float = TIMEOUT,
    ) -> tuple[Meta, ...] | Unseen:  # fmt: skip
        """The same, names and labels only: a fraction of the bytes, and no secret's content."""
        choice = Choice(namespace, selector, fields, limit, METADATA_LIST, timeout)
        found = self.listing(kind.read_as(parse_meta), choice)
        return found if isinstance(found, Unseen) else found.items

    def any(self, kind: Kind[Any], namespace: str = "", *, selector: str = "", fields: str = "") -> bool | Unseen:
        """Whether there is one at all: one name is asked for."""
        found = self.metas(kind, namespace, selector=selector, fields=fields, limit=1)
        return found if isinstance(found, Unseen) else bool(found)

    def listing(self, kind: Kind[T], choice: Choice) -> Listing[T] | Unseen:
        """The objects with the version of the state that they show, for who goes on with a watch."""
        right = Right("list", kind.plural, kind.group, choice.namespace if kind.namespaced else "")
        query: dict[str, str | int | None] = {"labelSelector": choice.selector, "fieldSelector": choice.fields,
                 "limit": min(choice.limit or PAGE, PAGE)}  # fmt: skip
        question = Question(
            kind.where(choice.namespace), right, "", query=query, accept=choice.accept, timeout=choice.timeout
        )
        for attempt in range(1, RELISTS + 1):
            answer = self._pages(kind, question, choice)
            if not isinstance(answer, Refusal):
                return answer
            if answer.reason != "Expired" or attempt == RELISTS:
                return self.unseen(question, answer)
        raise AssertionError("it returns")

    def _pages(self, kind: Kind[T], question: Question, choice: Choice) -> Listing[T] | Refusal:
        items: builtins.list[T] = []
        further = ""
        while True:
            asked = replace(question, query={**question.query, "continue": further})
            answer = self._of_some_version(kind, asked, choice.namespace)
            if isinstance(answer, Refusal):
                return answer
            try:
                items += [kind.parse({"kind": kind.name, **item}) for item in answer["items"] or ()]
                version, further = answer["metadata"]["resourceVersion"], answer["metadata"].get("continue") or ""
                left = int(answer["metadata"].get("remainingItemCount") or 0)
            except UNREADABLE as error:
                return damaged(f"{type(error).__name__}: {error}")
            if not further or (choice.limit is not None and len(items) >= choice.limit):
                return Listing(tuple(items[: choice.limit]), version, more=bool(further), left=left)

    def _of_some_version(
        self, kind: Kind[Any], question: Question, namespace: str, name: str = ""
    ) -> Document | Refusal:
        """Asks the version that this cluster serves; which one that is, is found out once."""
        answer: Document | Refusal | None = None
        known = self._served.get(kind.resource)
        for version in (known,) if known else kind.versions:
            answer = self.document(replace(question, path=kind.path(version, namespace, name)))
            if not (isinstance(answer, Refusal) and self._unknown(kind, version, answer)):
                self._served[kind.resource] = version
                return answer
            answer = replace(answer, why=Why.NO_SUCH_KIND)
        self._served.pop(kind.resource, None)
        assert answer is not None, "a kind has versions"
        return answer

    def _unknown(self, kind: Kind[Any], version: str, refused: Refusal) -> bool:
        """Whether the cluster serves no such kind in this version.

        Who may not read a kind is told so even of one that does not exist; but everybody may look what exists.
        """
        if refused.why is not Why.FORBIDDEN or not kind.group:
            return refused.why is Why.NO_SUCH_KIND
        what = Question("the kinds of this cluster", Right("get", "apis"), f"/apis/{kind.group}/{version}")
        answer = self.document(what)
        if isinstance(answer, Refusal):
            return answer.why is Why.NO_SUCH_KIND
        return all(entry.get("name") != kind.plural for entry in answer.get("resources") or ())
