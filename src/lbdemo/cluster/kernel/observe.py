"""What is there: the namespace, our releases and pods, Istio. Read from the cluster, each time anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.reference import parts
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.errors import ProgramFailedError
from lbdemo.tools.kubectl import Kubectl
from lbdemo.tools.objects import Deployment, Meta, Objects, Pod

T = TypeVar("T")
OURS_KINDS = "deployments,replicasets,pods,services,configmaps,secrets"
# By what the API server reaches the default revision's istiod: its Service, and the webhook that asks it to inject.
REACHED_BY = ("service/istiod", "mutatingwebhookconfiguration/istio-sidecar-injector")
ISTIO_KINDS = "destinationrules.networking.istio.io,peerauthentications.security.istio.io"


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
class Istio:
    """The Istio in the cluster: ours, somebody else's, or none."""

    releases: Mapping[str, Release] = field(default_factory=dict)  # Helm's, in istio-system
    daemons: tuple[Deployment, ...] = ()  # istiod deployments, in any namespace
    crds: bool = True  # whether the cluster knows Istio's kinds
    seen: bool = True  # False: this user may not look at it
    reachable: bool = True  # whether istiod's Service is there, and the webhook that asks it to inject sidecars
    policies: tuple[Meta, ...] = ()  # DestinationRules and PeerAuthentications of ours in the namespace

    @property
    def ours(self) -> bool:
        """Whether lbdemo installed it (or began to, and nobody else has finished that)."""
        daemon = self.releases.get("istiod")
        foreign = self.daemon is not None and not (daemon is not None and daemon.ours)
        return self.begun and not foreign

    @property
    def begun(self) -> bool:
        """Whether a Helm release of Istio is lbdemo's."""
        return any(release.ours for release in self.releases.values())

    @property
    def daemon(self) -> Deployment | None:
        """The istiod that serves us: the default revision when there are several."""
        ranked = sorted(self.daemons, key=lambda d: (self._revision(d) != "", d.meta.name))
        return ranked[0] if ranked else None

    @property
    def revision(self) -> str:
        """The revision that the namespace must name; "" for the default one."""
        return self._revision(self.daemon) if self.daemon else ""

    @property
    def version(self) -> str:
        """That of its istiod, by its image's tag; "" without one."""
        return next((tag for _, tag, _ in map(parts, self.daemon.images) if tag), "?") if self.daemon else ""

    @property
    def namespace(self) -> str:
        """Where its istiod runs, or would."""
        return self.daemon.meta.namespace if self.daemon else ISTIO_NAMESPACE

    @staticmethod
    def _revision(daemon: Deployment) -> str:
        revision = daemon.meta.labels.get(labels.REVISION, "default")
        return "" if revision == "default" else revision


@dataclass(frozen=True, slots=True)
class Observed:
    """One look at the cluster."""

    namespace: Meta | None
    objects: Objects = field(default_factory=Objects)
    releases: Mapping[str, Release] = field(default_factory=dict)
    istio: Istio = field(default_factory=Istio)

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
        return tuple(p for p in self.objects.pods if p.release == release and p.stays)


def observe(kubectl: Kubectl, namespace: str, *, istio: bool, lenient: bool = False) -> Observed:
    """Looks at the namespace and, when `istio` says so, at Istio too; all side by side, 0.1 to 0.3 s.

    With `lenient`, an Istio that this user may not look at counts as none.
    """
    place, ours, mesh = side_by_side(
        lambda: kubectl.get("namespaces", namespace).of("Namespace"),
        lambda: kubectl.get(OURS_KINDS, namespace=namespace, selector=labels.SELECTOR),
        lambda: _mesh(kubectl, namespace, lenient=lenient) if istio else Istio(),
    )
    releases = [secret for secret in ours.of("Secret") if secret.labels.get("owner") == "helm"]
    return Observed(place[0] if place else None, ours, parse_releases(releases), mesh)


def _mesh(kubectl: Kubectl, namespace: str, *, lenient: bool) -> Istio:
    try:
        return observe_istio(kubectl, namespace)
    except ProgramFailedError as error:
        if lenient and forbidden(error):
            return Istio(seen=False)
        raise


def forbidden(error: ProgramFailedError) -> bool:
    """Whether the API server refused because this user has not the rights."""
    return "(forbidden)" in error.stderr.lower()


def observe_istio(kubectl: Kubectl, namespace: str) -> Istio:
    """Looks for Istio's releases, its daemons in all namespaces, and our own policies."""
    home, daemons, policies, reachable = side_by_side(
        lambda: kubectl.get("secrets", namespace=ISTIO_NAMESPACE, selector="owner=helm"),
        lambda: kubectl.get("deployments", selector="app=istiod", everywhere=True),
        lambda: istio_policies(kubectl, namespace),
        lambda: _reachable(kubectl),
    )
    return Istio(
        parse_releases(home.of("Secret")), daemons.deployments, crds=policies is not None, policies=policies or (),
        reachable=reachable,
    )  # fmt: skip


def _reachable(kubectl: Kubectl) -> bool:
    """Whether Service and webhook are both there; True for who may not look."""
    try:
        return len(kubectl.get(*REACHED_BY, namespace=ISTIO_NAMESPACE).others) == len(REACHED_BY)
    except ProgramFailedError as error:
        if forbidden(error):
            return True
        raise


def istio_policies(kubectl: Kubectl, namespace: str) -> tuple[Meta, ...] | None:
    """Our DestinationRules and PeerAuthentications; None where the cluster does not know such kinds."""
    try:
        return kubectl.get(ISTIO_KINDS, namespace=namespace, selector=labels.SELECTOR).others
    except ProgramFailedError as error:
        if "the server doesn't have a resource type" in error.stderr:
            return None
        raise


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
            ours=marks.get(labels.PART_OF) == "lbdemo",
            digest=marks.get(labels.DIGEST, ""),
            strategy=marks.get(labels.STRATEGY, ""),
            policy=marks.get(labels.POLICY, ""),
            has_deployed=marks.get("status") in {"deployed", "superseded"}
            or (before is not None and before.has_deployed),
        )
    return newest


def side_by_side(*questions: Callable[[], object]) -> list:  # type: ignore[type-arg]
    """Asks all at once and returns the answers in order; raises the first error, and Ctrl-C at once.

    What still runs then is not waited for: the session ends its programs.
    """
    pool = ThreadPoolExecutor(len(questions))
    try:
        return [future.result() for future in [pool.submit(question) for question in questions]]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
