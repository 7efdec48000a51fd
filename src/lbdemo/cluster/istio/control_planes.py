"""Istio's control planes, as the webhooks and Deployments of a cluster show them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lbdemo.cluster.istio.injectors import DEFAULT, Injector
from lbdemo.cluster.istio.versions import version_key
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.reference import parts
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.kube.records.workloads import Deployment

DAEMON = "istiod"


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """One revision of Istio that serves this cluster, wherever it runs.

    `daemon` is its Deployment here; None for one that runs elsewhere, or that this user may not see.
    """

    revision: str
    injectors: tuple[Injector, ...] = ()
    daemon: Deployment | None = None
    gone: bool = False  # its webhooks ask a Service that is not there

    @property
    def names(self) -> tuple[str, ...]:
        """What a namespace or a pod may call it: its revision, then its tags."""
        return tuple(dict.fromkeys((self.revision, *(i.tag for i in self.injectors if i.tag))))

    @property
    def default(self) -> bool:
        """Whether it serves those who name no revision."""
        return DEFAULT in self.names

    @property
    def version(self) -> str:
        """That of its Deployment, by the image's tag; "" where it cannot be seen."""
        images = self.daemon.images if self.daemon else ()
        return next((tag for _, tag, _ in map(parts, images) if tag), "")

    @property
    def namespace(self) -> str:
        """Where it runs, or where its Service is; "" for one outside."""
        if self.daemon is not None:
            return self.daemon.meta.namespace
        return next((injector.home for injector in self.injectors), ISTIO_NAMESPACE)

    @property
    def service(self) -> str:
        """The name of its Service; "" for one outside."""
        if self.injectors:
            return self.injectors[0].service
        return DAEMON if self.revision == DEFAULT else f"{DAEMON}-{self.revision}"

    @property
    def where(self) -> str:
        """Where it is, for a person."""
        if self.daemon is not None:
            return f"Deployment {self.namespace}/{self.daemon.meta.name}"
        return f"behind {self.injectors[0].address}" if self.injectors else "out of sight"

    def injects(self, namespace: Mapping[str, str], pod: Mapping[str, str]) -> bool:
        """Whether one of its webhooks is called for a pod with these labels, in a namespace with those."""
        return any(injector.takes(namespace, pod) for injector in self.injectors)


def control_planes(
    daemons: Sequence[Deployment], injectors: Sequence[Injector], missing: Collection[tuple[str, str]] = ()
) -> tuple[ControlPlane, ...]:
    """All that serve the cluster, the one for those who name no revision first, then the newest.

    `missing` are the Services (namespace, name) that were looked for and are not there.
    """
    places = dict.fromkeys([*map(_place, daemons), *((i.revision, i.home or i.url) for i in injectors)])
    found = (_plane(place, daemons, injectors, missing) for place in places)
    return tuple(sorted(found, key=_rank, reverse=True))


def _place(daemon: Deployment) -> tuple[str, str]:
    return daemon.meta.labels.get(labels.REVISION) or DEFAULT, daemon.meta.namespace


def _plane(
    place: tuple[str, str], daemons: Iterable[Deployment], injectors: Iterable[Injector],
    missing: Collection[tuple[str, str]],
) -> ControlPlane:  # fmt: skip
    mine = tuple(i for i in injectors if (i.revision, i.home or i.url) == place)
    daemon = next((d for d in daemons if _place(d) == place), None)
    gone = bool(mine) and all((i.home, i.service) in missing for i in mine)
    return ControlPlane(place[0], tuple(sorted(mine, key=lambda i: i.tag)), daemon, gone)


def _rank(plane: ControlPlane) -> tuple[object, ...]:
    return plane.default, version_key(plane.version, plane.revision), plane.revision
