"""What there is of add-ons: those that lbdemo installed in a namespace, and somebody else's that can be used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from lbdemo.cluster.addons.catalogue import ADDONS, Addon
from lbdemo.cluster.kernel import labels, readiness
from lbdemo.cluster.kernel.objects import Objects
from lbdemo.kube.answers import need, seen
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import DEPLOYMENTS, PODS, REPLICA_SETS, SERVICES
from lbdemo.kube.records.services import Service
from lbdemo.kube.records.workloads import Deployment
from lbdemo.kube.side_by_side import together

RELEASE_NAME = "meta.helm.sh/release-name"
RELEASE_NAMESPACE = "meta.helm.sh/release-namespace"


@dataclass(frozen=True, slots=True)
class Seen:
    """One look. `others` are the add-ons that somebody else has installed: name to namespace."""

    others: Mapping[str, str] = field(default_factory=dict)
    services: frozenset[str] = frozenset()  # the names of ours
    objects: Objects = field(default_factory=Objects)  # of ours

    def of(self, name: str) -> tuple[Deployment, ...]:
        """The Deployments of an add-on of ours."""
        return tuple(d for d in self.objects.deployments if d.meta.labels.get(labels.ADDON) == name)

    def intact(self, addon: Addon) -> bool:
        """Whether all that was installed of it is there, and nobody has changed it since it was seen ready."""
        there = self.of(addon.name)
        return bool(there) and self.services.issuperset(addon.own_services) and all(map(_untouched, there))

    def stuck(self, name: str) -> tuple[str, ...]:
        """Its Deployments that have given up: the kubelet tries again, ever more seldom."""
        return tuple(d.meta.name for d in self.of(name) if not d.complete and self._given_up(d))

    def _given_up(self, deployment: Deployment) -> bool:
        troubles = readiness.problems(replace(self.objects, deployments=(deployment,)))
        return any(not t.patience or t.reason in readiness.BACKING_OFF or not t.pod for t in troubles)


def _untouched(deployment: Deployment) -> bool:
    """One that has never been ready is as it was installed, as far as anybody can tell."""
    noted = deployment.meta.labels.get(labels.GENERATION)
    return noted == str(deployment.generation) or (noted is None and not deployment.complete)


def observe(api: Api, namespace: str, home: str, *, there: bool) -> Seen:
    """Looks into the namespace, unless it is not `there`, and into Istio's (`home`); all side by side.

    Where it may not look into Istio's, somebody's add-ons there are not used.
    """
    ours = f"{labels.SELECTOR},{labels.ADDON}"
    kinds = (PODS, DEPLOYMENTS, REPLICA_SETS)
    places = ([namespace] if there else []) + ([home] if home != namespace else [])
    services, *found = together(
        lambda: [api.list(SERVICES, place) for place in places],
        *(partial(api.list, kind, namespace, selector=ours) for kind in kinds if there),
    )
    known = [service for answer in seen(services)[0] for service in answer]
    pods, deployments, replica_sets = map(need, found) if there else ((), (), ())
    own = frozenset(service.meta.name for service in known if held(service, namespace))
    return Seen(others(known, namespace), own, Objects(pods, deployments, replica_sets=replica_sets))


def held(service: Service, namespace: str) -> bool:
    """Whether lbdemo's release of this namespace holds it."""
    notes = service.meta.annotations
    return (notes.get(RELEASE_NAMESPACE), notes.get(RELEASE_NAME)) == (namespace, labels.ADDONS)


def others(services: Iterable[Service], namespace: str) -> dict[str, str]:
    """The add-ons that somebody else has, by the names of Istio's own Services; the first place of each."""
    strangers = [service for service in services if not held(service, namespace)]
    found: dict[str, str] = {}
    for addon in ADDONS.values():
        for service in strangers:
            if service.meta.name in addon.own_services:
                found.setdefault(addon.name, service.meta.namespace)
    return found
