"""What is there: the namespace, our releases and pods. Read from the cluster, each time anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.objects import Objects, parse_given
from lbdemo.kube.answers import Unseen, UnseenError, seen
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, PODS, REPLICA_SETS, SECRETS, SERVICES
from lbdemo.kube.records.meta import Meta
from lbdemo.kube.records.pods import Pod
from lbdemo.kube.records.workloads import Deployment
from lbdemo.kube.side_by_side import together

T = TypeVar("T")
GIVEN = (SERVICES.read_as(parse_given), CONFIG_MAPS.read_as(parse_given))  # what our chart may have made


@dataclass(frozen=True, slots=True)
class Release:
    """A Helm release, by its newest revision. `status` is Helm's own word, such as deployed or pending-install."""

    name: str
    namespace: str
    status: str
    revision: int
    ours: bool
    digest: str = ""
    strategy: str = ""
    policy: str = ""
    has_deployed: bool = False  # some revision of it was once deployed: there is something to go back to


@dataclass(frozen=True, slots=True)
class Observed:
    """One look at a namespace."""

    namespace: Meta | None
    objects: Objects = field(default_factory=Objects)
    releases: Mapping[str, Release] = field(default_factory=dict)
    unseen: tuple[Unseen, ...] = ()

    @property
    def namespace_ours(self) -> bool:
        """Whether lbdemo made the namespace."""
        return labels.ours(self.namespace)

    @property
    def has_inventory(self) -> bool:
        """Whether the namespace stays, and keeps what the cluster had before."""
        kept = any(meta.name == labels.INVENTORY for meta in self.objects.of("ConfigMap"))
        return kept and self.namespace is not None and not self.namespace.deleting

    @property
    def brought_istio(self) -> bool:
        """Whether the inventory says that lbdemo installed an Istio after it was taken."""
        kept = (meta for meta in self.objects.of("ConfigMap") if meta.name == labels.INVENTORY)
        return any(labels.ISTIO in meta.labels for meta in kept)

    def deployment(self, name: str) -> Deployment | None:
        """Our deployment of this name."""
        return next((d for d in self.objects.deployments if d.meta.name == name), None)

    def pods(self, release: str) -> tuple[Pod, ...]:
        """The release's pods that are neither being deleted nor over."""
        return tuple(p for p in self.objects.pods if labels.release(p) == release and p.stays)


def observe_namespace(api: Api, namespace: str, *, lenient: bool = False) -> Observed:
    """Looks at the namespace and what is ours in it, side by side.

    Helm keeps releases in Secrets. With `lenient`, who may not list something sees the rest, and knows the releases by
    what `up` has noted on their deployments; `unseen` names it. Who changes something must see all of it: raises
    UnseenError otherwise, and in any case where nothing can be seen.
    """
    parts = (PODS, DEPLOYMENTS, REPLICA_SETS)
    place, pods, deployments, replica_sets, secrets, *others = together(
        lambda: api.get(NAMESPACES, namespace),
        *(partial(api.list, kind, namespace, selector=labels.OF_RELEASES) for kind in parts),
        lambda: api.metas(SECRETS, namespace, selector=f"{labels.SELECTOR},owner=helm"),
        *(partial(api.list, kind, namespace, selector=labels.SELECTOR) for kind in GIVEN),
    )
    answers = (place, pods, deployments, replica_sets, secrets, *others)
    _, unseen = seen(answers)
    if unseen and not lenient:
        raise UnseenError(unseen[0])
    objects = Objects(
        pods=_or_none(pods), deployments=_or_none(deployments), replica_sets=_or_none(replica_sets),
        others=tuple(given for answer in others for given in _or_none(answer)),
    )  # fmt: skip
    hidden = isinstance(secrets, Unseen)
    releases = noted_releases(objects.deployments) if hidden else _ours(parse_releases(secrets))
    there = None if isinstance(place, Unseen) or place is None else place.meta
    return Observed(there, objects, releases, tuple(unseen))


def _ours(releases: Mapping[str, Release]) -> dict[str, Release]:
    return {name: release for name, release in releases.items() if release.ours}


def _or_none(answer: tuple[T, ...] | Unseen) -> tuple[T, ...]:
    return () if isinstance(answer, Unseen) else answer


def noted_releases(deployments: Iterable[Deployment]) -> dict[str, Release]:
    """The releases as far as our deployments' labels tell them; their Helm status is unknown."""
    found = {}
    for deployment in deployments:
        marks = deployment.meta.labels
        name, strategy = marks.get(labels.RELEASE, ""), marks.get(labels.STRATEGY, "")
        if name and strategy:
            policy = marks.get(labels.POLICY, "")
            found[name] = Release(name, deployment.meta.namespace, "unknown", 0, True, "", strategy, policy)
    return found


def parse_releases(secrets: Iterable[Meta]) -> dict[str, Release]:
    """Helm's release secrets, the newest revision of each release. Their labels tell all that we need."""
    newest: dict[str, Release] = {}
    for secret in sorted(secrets, key=lambda s: int(s.labels.get("version", "0"))):
        marks = secret.labels
        before = newest.get(marks["name"])
        newest[marks["name"]] = Release(
            name=marks["name"],
            namespace=secret.namespace,
            status=marks.get("status", "unknown"),
            revision=int(marks.get("version", "0")),
            ours=labels.our_release(secret),
            digest=marks.get(labels.DIGEST, ""),
            strategy=marks.get(labels.STRATEGY, ""),
            policy=marks.get(labels.POLICY, ""),
            has_deployed=marks.get("status") in {"deployed", "superseded"}
            or (before is not None and before.has_deployed),
        )
    return newest
