"""Which kinds of object this cluster knows, and which of its APIs are dead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lbdemo.kube.answers import Right, Unseen
from lbdemo.kube.client import Client, Document, damaged
from lbdemo.kube.kinds import Kind
from lbdemo.kube.questions import JSON, Question
from lbdemo.kube.reads import UNREADABLE
from lbdemo.kube.records.meta import Meta, parse_meta
from lbdemo.kube.refusals import Refusal

AGGREGATED = ", ".join(
    f"{JSON};g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1")
)
WHAT = Question("the kinds of this cluster", Right("get", "apis"), "", accept=AGGREGATED)


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind in one version, and the verbs that it understands."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    verbs: frozenset[str]

    @property
    def read_as_meta(self) -> Kind[Meta]:
        """The kind, for who reads its objects' names."""
        return Kind(self.plural, self.kind, parse_meta, self.group, (self.version,), self.namespaced)


@dataclass(frozen=True, slots=True)
class Discovery:
    """What there is. Of a kind that several versions serve, only the version that the group prefers.

    `dead` are the APIs (GROUP/VERSION) whose own server does not answer: of their kinds nothing can be seen.
    """

    resources: tuple[Resource, ...]
    dead: tuple[str, ...]


class Discovers(Client):
    """What finds out which kinds there are."""

    def discover(self) -> Discovery | Unseen:
        """All kinds: two questions, however many groups there are."""
        resources: dict[tuple[str, str], Resource] = {}
        dead: list[str] = []
        for path in ("/api", "/apis"):
            question = Question(WHAT.what, WHAT.right, path, accept=AGGREGATED)
            answer = self.document(question)
            if isinstance(answer, Refusal):
                return self.unseen(question, answer)
            try:
                for found in _entries(answer):
                    if isinstance(found, str):
                        dead.append(found)
                    else:
                        resources.setdefault((found.group, found.plural), found)
            except UNREADABLE as error:
                return self.unseen(question, damaged(f"{type(error).__name__}: {error}"))
        return Discovery(tuple(resources.values()), tuple(dead))


def _entries(document: Document) -> Iterator[Resource | str]:
    """The kinds of an APIGroupDiscoveryList, and the names of its stale APIs."""
    if document["kind"] != "APIGroupDiscoveryList":
        raise ValueError("this API server is older than Kubernetes 1.27: it has no aggregated discovery")
    for group in document["items"]:
        name = group["metadata"].get("name") or ""
        for version in group["versions"]:
            if version.get("freshness", "Current") != "Current":
                yield f"{name}/{version['version']}"
            for resource in version.get("resources") or ():
                yield _resource(name, version["version"], resource)


def _resource(group: str, version: str, item: Mapping[str, Any]) -> Resource:
    return Resource(
        group, version, item["resource"], (item.get("responseKind") or {}).get("kind", ""),
        item["scope"] == "Namespaced", frozenset(item["verbs"]),
    )  # fmt: skip
