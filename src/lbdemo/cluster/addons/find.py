"""An add-on wherever it is in the cluster, lbdemo's or anybody's: its Service, its ready pod, or why there is none."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lbdemo.cluster.addons.catalogue import Addon
from lbdemo.cluster.kernel import readiness
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.errors import InputError, NotReadyError
from lbdemo.kube.answers import UnseenError, need, seen
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import PODS, SERVICES
from lbdemo.kube.records.pods import Pod, youngest_ready
from lbdemo.kube.records.services import Service, ServicePort
from lbdemo.kube.selectors import equal_to
from lbdemo.kube.side_by_side import each

USUAL = (ISTIO_NAMESPACE, "monitoring", "observability", "tracing", "kiali-operator")
"""The namespaces where others have them."""


@dataclass(frozen=True, slots=True)
class Found:
    """An add-on's Service."""

    addon: Addon
    service: Service

    @property
    def namespace(self) -> str:
        """Where it is."""
        return self.service.meta.namespace

    @property
    def path(self) -> str:
        """Where its pages begin: those of other charts have no prefix of Istio's."""
        return self.addon.path if self.service.meta.name == self.addon.services[0] else "/"

    def port(self, pod: Pod) -> int:
        """The port of the pod that shows its pages: of the Service's ports the one that leads to the usual one."""
        targets = [(port, target(port, pod)) for port in self.service.ports if port.protocol == "TCP"]
        usual = [number for _, number in targets if number == self.addon.listens]
        return (usual or [number for _, number in targets] or [self.addon.listens])[0]


def target(port: ServicePort, pod: Pod) -> int:
    """The port of the pod that the Service's port leads to; its own number where the pod does not say."""
    if isinstance(port.target, int) and port.target:
        return port.target
    named = (each.number for container in pod.containers for each in container.ports if each.name == port.target)
    return next(named, port.number)


def find(api: Api, addon: Addon, namespace: str) -> Found:
    """The add-on in the namespace, or else in one of the usual ones.

    Raises InputError where there is none, UnseenError where one may be out of sight.
    """
    places = tuple(dict.fromkeys((namespace, *USUAL)))
    listed, unseen = seen(each(lambda place: api.list(SERVICES, place), places))
    if found := best(addon, [service for services in listed for service in services], places):
        return Found(addon, found)
    if unseen:
        raise UnseenError(unseen[0])
    raise InputError(
        f"there is no {addon.name} in {', '.join(places[:-1])} or {places[-1]}",
        "`lbdemo up --istio --addons` installs it; -n NAMESPACE looks for it there first",
    )


def best(addon: Addon, services: Iterable[Service], places: Sequence[str]) -> Service | None:
    """The Service of the first place that has one; there, that of Istio's own name before those of other charts."""
    known = [service for service in services if service.selector and service.meta.name in addon.services]
    return min(known, key=lambda s: (places.index(s.meta.namespace), addon.services.index(s.meta.name)), default=None)


def newest(api: Api, found: Found) -> Pod | None:
    """Its youngest ready pod; None when there is none."""
    return youngest_ready(_pods(api, found))


def check_ready(api: Api, found: Found) -> None:
    """Raises NotReadyError that says why none of its pods is ready."""
    pods = _pods(api, found)
    if any(pod.ready for pod in pods):
        return
    problems = [str(problem) for pod in pods for problem in readiness.pod_problems(pod)]
    state = problems[0] if problems else "it is starting" if pods else "it has no pod"
    raise NotReadyError(
        f"{found.addon.name} in namespace {found.namespace} is not ready", state,
        f"`kubectl -n {found.namespace} get pods -l {shlex.quote(equal_to(found.service.selector))}` shows more",
    )  # fmt: skip


def _pods(api: Api, found: Found) -> tuple[Pod, ...]:
    return need(api.list(PODS, found.namespace, selector=equal_to(found.service.selector)))
