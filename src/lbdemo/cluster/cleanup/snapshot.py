"""The cluster's objects by their metadata, listed without their content; and what could not be listed, named."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from lbdemo.cluster.cleanup.inventory import SPREAD, Scope
from lbdemo.cluster.cleanup.items import ClusterObject, parse_object
from lbdemo.kube.answers import Unseen, UnseenError, Why, need
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import CONFIG_MAPS, Kind
from lbdemo.kube.questions import METADATA_LIST
from lbdemo.kube.reads import Choice
from lbdemo.kube.records.meta import Meta, parse_meta

# Kinds that come and go by themselves, or hold no configuration.
FLEETING = frozenset(
    {"events", "events.events.k8s.io", "componentstatuses", "nodes", "csinodes.storage.k8s.io",
     "ipaddresses.networking.k8s.io",
     "volumeattachments.storage.k8s.io", "certificatesigningrequests.certificates.k8s.io", "persistentvolumes",
     "pods.metrics.k8s.io", "nodes.metrics.k8s.io", "endpoints", "endpointslices.discovery.k8s.io", "replicasets.apps"}
)  # fmt: skip
# Among the fleeting kinds, those that a person may have made: without an owner, they come and go with nobody.
MADE_BY_HAND = frozenset({"replicasets.apps", "endpointslices.discovery.k8s.io"})
LONGEST = 500  # objects of one kind in one place: more of them are not compared, since that would cost megabytes
WORKERS = 8  # questions at once


@dataclass(frozen=True, slots=True)
class Gap:
    """What could not be listed, why, and what would settle it."""

    scope: Scope
    reason: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.scope}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was listed. `wide` names the kinds that are of no namespace."""

    objects: tuple[ClusterObject, ...]
    gaps: tuple[Gap, ...] = ()
    wide: frozenset[str] = frozenset()

    @property
    def unseen(self) -> frozenset[Scope]:
        """What could not be listed."""
        return frozenset(gap.scope for gap in self.gaps)


Found = ClusterObject | Gap


def take(api: Api, namespaces: Iterable[str]) -> Snapshot:
    """The cluster-wide objects, what Istio writes into every namespace, and all that is in the `namespaces`."""
    kinds, dead, wide = _kinds(api, FLEETING)
    places = list(namespaces)
    questions = [(kind, "", "") for kind in kinds if not kind.namespaced]
    questions += [(kind, place, "") for kind in kinds if kind.namespaced for place in places]
    questions += [(CONFIG_MAPS, "", f"metadata.name={name}") for name in sorted(SPREAD)]
    return _snapshot(api, questions, dead, wide)


def contents(api: Api, namespace: str) -> Snapshot:
    """All that is in a namespace: every kind that can be listed, also those that controllers make."""
    kinds, dead, wide = _kinds(api, FLEETING - MADE_BY_HAND)
    return _snapshot(api, [(kind, namespace, "") for kind in kinds if kind.namespaced], dead, wide)


def spread(api: Api) -> Snapshot:
    """What Istio has written into every namespace, however many there are."""
    return _snapshot(
        api, [(CONFIG_MAPS, "", f"metadata.name={name}") for name in sorted(SPREAD)], (), frozenset(), None
    )


def _kinds(api: Api, fleeting: frozenset[str]) -> tuple[list[Kind[Meta]], tuple[Gap, ...], frozenset[str]]:
    found = need(api.discover())
    kinds = [resource.read_as_meta for resource in found.resources if "list" in resource.verbs]
    why = f"{Why.BROKEN} (Kubernetes itself cannot delete a namespace while that is so)"
    dead = (Gap(Scope(f"all kinds of {name}", ""), why, "`kubectl get apiservices` names it") for name in found.dead)
    wide = frozenset(resource.kind for resource in found.resources if not resource.namespaced)
    return [kind for kind in kinds if kind.resource not in fleeting], tuple(dead), wide


def _snapshot(
    api: Api, questions: list[tuple[Kind[Meta], str, str]], dead: tuple[Gap, ...], wide: frozenset[str],
    limit: int | None = LONGEST,
) -> Snapshot:  # fmt: skip
    with ThreadPoolExecutor(WORKERS) as pool:
        answers = list(pool.map(lambda question: _list(api, *question, limit=limit), questions))
    found = [one for answer in answers if not isinstance(answer, Gap) for one in answer]
    by_uid = {one.meta.uid or str(one.item): one for one in found}  # a kind may be served by two groups
    gaps = [answer for answer in answers if isinstance(answer, Gap)]
    return Snapshot(tuple(sorted(by_uid.values(), key=lambda one: one.item)), (*dead, *gaps), wide)


def _list(
    api: Api, kind: Kind[Meta], namespace: str, fields: str, *, limit: int | None
) -> tuple[ClusterObject, ...] | Gap:
    of_kind = kind.read_as(parse_meta)
    choice = Choice(namespace, fields=fields, limit=limit, accept=METADATA_LIST, timeout=60.0)
    answer = api.listing(kind.read_as(lambda document: parse_object(of_kind, document)), choice)
    scope = Scope(f"{kind.resource} {fields}".strip(), namespace)
    if isinstance(answer, Unseen):
        if answer.why.everything:
            raise UnseenError(answer)
        return () if answer.why is Why.NO_SUCH_KIND else Gap(scope, str(answer.why), answer.hint)
    return Gap(scope, f"there are more than {limit}") if answer.more else answer.items
