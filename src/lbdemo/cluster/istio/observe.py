"""What is there of Istio: its control planes, whose they are, and our policies. Read from the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.objects import Given, fetch
from lbdemo.cluster.kernel.observe import (
    Observed,
    Release,
    forbidden,
    observe_namespace,
    parse_releases,
    side_by_side,
)
from lbdemo.cluster.kernel.reference import parts
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.errors import ProgramFailedError
from lbdemo.kube.records.workloads import Deployment
from lbdemo.tools.kubectl import Kubectl

# By what the API server reaches the default revision's istiod: its Service, and the webhook that asks it to inject.
REACHED_BY = ("service/istiod", "mutatingwebhookconfiguration/istio-sidecar-injector")
ISTIO_KINDS = "destinationrules.networking.istio.io,peerauthentications.security.istio.io"


@dataclass(frozen=True, slots=True)
class Istio:
    """The Istio in the cluster: ours, somebody else's, or none."""

    releases: Mapping[str, Release] = field(default_factory=dict)  # Helm's, in istio-system
    daemons: tuple[Deployment, ...] = ()  # istiod deployments, in any namespace
    crds: bool = True  # whether the cluster knows Istio's kinds
    seen: bool = True  # False: this user may not look at it
    reachable: bool = True  # whether istiod's Service is there, and the webhook that asks it to inject sidecars
    policies: tuple[Given, ...] = ()  # DestinationRules and PeerAuthentications of ours in the namespace

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
class ObservedWithIstio(Observed):
    """One look at a namespace, and at the cluster's Istio."""

    istio: Istio = field(default_factory=Istio)


def observe(kubectl: Kubectl, namespace: str, *, istio: bool, lenient: bool = False) -> ObservedWithIstio:
    """Looks at the namespace and, when `istio` says so, at Istio too; all side by side, 0.1 to 0.3 s.

    With `lenient`, an Istio that this user may not look at counts as none.
    """
    here, mesh = side_by_side(
        lambda: observe_namespace(kubectl, namespace),
        lambda: _mesh(kubectl, namespace, lenient=lenient) if istio else Istio(),
    )
    return ObservedWithIstio(here.namespace, here.objects, here.releases, mesh)


def _mesh(kubectl: Kubectl, namespace: str, *, lenient: bool) -> Istio:
    try:
        return observe_istio(kubectl, namespace)
    except ProgramFailedError as error:
        if lenient and forbidden(error):
            return Istio(seen=False)
        raise


def observe_istio(kubectl: Kubectl, namespace: str) -> Istio:
    """Looks for Istio's releases, its daemons in all namespaces, and our own policies."""
    home, daemons, policies, reachable = side_by_side(
        lambda: fetch(kubectl, "secrets", namespace=ISTIO_NAMESPACE, selector="owner=helm"),
        lambda: fetch(kubectl, "deployments", selector="app=istiod", everywhere=True),
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
        return len(fetch(kubectl, *REACHED_BY, namespace=ISTIO_NAMESPACE).others) == len(REACHED_BY)
    except ProgramFailedError as error:
        if forbidden(error):
            return True
        raise


def istio_policies(kubectl: Kubectl, namespace: str) -> tuple[Given, ...] | None:
    """Our DestinationRules and PeerAuthentications; None where the cluster does not know such kinds."""
    try:
        return fetch(kubectl, ISTIO_KINDS, namespace=namespace, selector=labels.SELECTOR).others
    except ProgramFailedError as error:
        if "the server doesn't have a resource type" in error.stderr:
            return None
        raise
