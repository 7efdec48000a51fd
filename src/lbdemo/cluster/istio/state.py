"""The Istio of a cluster as it was found: its control planes, whose they are, what could not be seen. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lbdemo.cluster.istio.choice import check_injected, revision_name, serving
from lbdemo.cluster.istio.control_planes import DAEMON, ControlPlane, control_planes
from lbdemo.cluster.istio.injectors import DEFAULT, Injector
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.objects import Given
from lbdemo.cluster.kernel.observe import Observed, Release
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.kube.answers import Unseen
from lbdemo.kube.records.workloads import Deployment


@dataclass(frozen=True, slots=True)
class Istio:
    """The Istio in the cluster: ours, somebody else's, or none.

    `name` is the revision or tag by which our namespace and pods ask for it, "" for the default one.
    """

    releases: Mapping[str, Release] = field(default_factory=dict)  # Helm's, in istio-system
    daemons: tuple[Deployment, ...] = ()  # istiod deployments, in any namespace
    injectors: tuple[Injector, ...] = ()
    missing: frozenset[tuple[str, str]] = frozenset()  # Services that injectors ask, and that are not there
    crds: bool = True  # whether the cluster knows Istio's kinds
    policies: tuple[Given, ...] = ()  # DestinationRules and PeerAuthentications of ours in the namespace
    unseen: tuple[Unseen, ...] = ()  # of what shows control planes
    traces: str = ""  # what only an Istio leaves, seen where no control plane was; for a person
    name: str = ""
    providers: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)  # extensionProviders, as it has them
    others: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)  # and as its chart and values name them

    @property
    def planes(self) -> tuple[ControlPlane, ...]:
        """The control planes that there are, the default one first; not those of which only webhooks remain."""
        return tuple(plane for plane in self._all if not plane.gone or plane.daemon)

    @property
    def _all(self) -> tuple[ControlPlane, ...]:
        return control_planes(self.daemons, self.injectors, self.missing)

    @property
    def plane(self) -> ControlPlane | None:
        """The one that serves us, the newest where none is the default; None where there is none that can be seen."""
        there = self.planes
        return serving(there, self.name) or (there[0] if there and not self.name else None)

    @property
    def ours(self) -> bool:
        """Whether lbdemo installed it (or began to, and nobody else has finished that)."""
        daemon = self.releases.get(DAEMON)
        theirs = self.plane is not None and not (daemon is not None and daemon.ours and _of_release(self.plane))
        return self.begun and not self.name and not theirs

    @property
    def begun(self) -> bool:
        """Whether a Helm release of Istio is lbdemo's."""
        return any(release.ours for release in self.releases.values())

    @property
    def to_install(self) -> bool:
        """Whether it is, or has to be, lbdemo's own."""
        return self.ours or (self.plane is None and not self.hidden and not self.name)

    @property
    def hidden(self) -> bool:
        """Whether there may be a control plane that this user cannot see."""
        return self.plane is None and bool(self.unseen)

    @property
    def daemon(self) -> Deployment | None:
        """The Deployment of the control plane that serves us; None where that runs elsewhere."""
        return self.plane.daemon if self.plane else None

    @property
    def revision(self) -> str:
        """What namespace and pods must name; "" for the default revision."""
        return self.name or (self.plane.revision if self.plane and not self.plane.default else "")

    @property
    def version(self) -> str:
        """That of its Deployment, by the image's tag; "" without one, "?" where the image names none."""
        return (self.plane.version if self.plane else "") or ("?" if self.daemon else "")

    @property
    def namespace(self) -> str:
        """Where its istiod runs, or would."""
        return (self.plane.namespace if self.plane else "") or ISTIO_NAMESPACE

    @property
    def service(self) -> str:
        """The name of istiod's Service; "" for a control plane outside the cluster."""
        return self.plane.service if self.plane else f"{DAEMON}-{self.name}" if self.name else DAEMON

    @property
    def reachable(self) -> bool:
        """Whether there is a webhook that asks it to inject, and the Service that this one asks."""
        plane = self.plane
        return bool(self.unseen) or (plane is not None and bool(plane.injectors) and not plane.gone)

    @property
    def summary(self) -> str:
        """All of it in one line, for a person."""
        if self.plane is None:
            unknown = f"unknown ({self.unseen[0]})" if self.unseen else "none"
            return f"in use, out of sight: {self.unseen[0]}" if self.hidden and self.traces else unknown
        whose = "installed by lbdemo" if self.ours else "of somebody else"
        ready = ", not ready" if self.daemon is not None and not self.daemon.complete else ""
        what = self.version or f"revision {self.plane.revision}, {self.plane.where}"
        others = [plane.revision for plane in self.planes if plane != self.plane]
        return f"{what} ({whose}{ready})" + (f"; also {', '.join(others)}" if others else "")


def _of_release(plane: ControlPlane) -> bool:
    """Whether it can be what lbdemo installs: the default revision, in Istio's own namespace."""
    return plane.revision == DEFAULT and plane.namespace == ISTIO_NAMESPACE and bool(plane.service)


def chosen(istio: Istio, asked: str, here: Observed, *, sidecars: bool) -> Istio:
    """The same with the control plane that serves the namespace: see `revision_name`.

    `asked` is --istio-revision, `sidecars` whether the strategy wants them. Raises InputError when what was asked for
    cannot be had in the namespace.
    """
    ours = here.namespace is None or here.namespace.deleting or here.namespace_ours
    fixed: Mapping[str, str] = {} if ours or here.namespace is None or not sidecars else here.namespace.labels
    found = replace(istio, name=revision_name(istio.planes, asked, fixed))
    if sidecars and not ours and istio.unseen and (fixed.get(labels.INJECTION) or fixed.get(labels.REVISION)):
        found = replace(found, traces=found.traces or "the namespace's label")
    if sidecars and found.plane is not None and not found.ours:
        check_injected(found.plane, None if ours and here.namespace is None else here.namespace, found.name, ours=ours)
    return found
