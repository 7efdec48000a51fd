"""Where the monitors of Prometheus' Operator say that pods tell their figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lbdemo.diagnose.collect.metrics import Page
from lbdemo.kube.answers import Unseen, Why
from lbdemo.kube.kinds import POD_MONITORS, SERVICE_MONITORS

if TYPE_CHECKING:
    from lbdemo.kube.api import Api
    from lbdemo.kube.kinds import Kind
    from lbdemo.kube.records.pods import Pod
    from lbdemo.kube.records.services import Service

Monitor = Mapping[str, Any]


class Monitors:
    """The monitors that a cluster has for a service's pods; none where there are no such kinds, or one may not see."""

    def __init__(self, api: Api, service: Service) -> None:
        namespace = service.meta.namespace
        self._service = service
        self._of_pods = list(_for(namespace, _list(api, POD_MONITORS, namespace)))
        self._of_services = [
            one for one in _for(namespace, _list(api, SERVICE_MONITORS, namespace))
            if _selects(one, service.meta.labels)
        ]  # fmt: skip

    def pages(self, pod: Pod) -> Iterator[Page]:
        """The page that the first of them names whose port the pod has."""
        by_pods = (end for one in self._of_pods if _selects(one, pod.meta.labels)
                   for end in one["spec"].get("podMetricsEndpoints") or ())  # fmt: skip
        by_service = (end for one in self._of_services for end in one["spec"].get("endpoints") or ())
        found = (*((end, _number(pod, end, end.get("port"))) for end in by_pods),
                 *((end, _number(pod, end, self._target(end))) for end in by_service))  # fmt: skip
        told = (Page(number, str(end.get("path") or "metrics").lstrip("/")) for end, number in found if number)
        yield from list(told)[:1]

    def _target(self, end: Monitor) -> int | str | None:
        """What the Service's port of that name stands for in its pods."""
        port = next((one for one in self._service.ports if one.name == end.get("port")), None)
        return (port.target or port.number) if port is not None else None


def _list(api: Api, kind: Kind[Monitor], namespace: str) -> Sequence[Monitor]:
    """Those of all namespaces, as somebody else may watch the pods; of the own one where a user may not see more."""
    found = api.list(kind)
    if isinstance(found, Unseen) and found.why is Why.FORBIDDEN:
        found = api.list(kind, namespace)
    return () if isinstance(found, Unseen) else found


def _for(namespace: str, monitors: Iterable[Monitor]) -> Iterator[Monitor]:
    """Those that look into the namespace."""
    for one in monitors:
        where = one.get("spec", {}).get("namespaceSelector") or {}
        named = where.get("matchNames") or ([] if where.get("any") else [one["metadata"].get("namespace")])
        if where.get("any") or namespace in named:
            yield one


def _selects(one: Monitor, labels: Mapping[str, str]) -> bool:
    """Whether it is for what has these labels; of one with expressions nobody knows."""
    selector = one["spec"].get("selector") or {}
    wanted = selector.get("matchLabels") or {}
    return not selector.get("matchExpressions") and wanted.items() <= labels.items()


def _number(pod: Pod, end: Monitor, port: int | str | None) -> int | None:
    """The number of the pod's port: of its own name, or as it is given."""
    wanted = end.get("portNumber") or end.get("targetPort") or port
    if isinstance(wanted, int):
        return wanted
    declared = (one for container in pod.containers for one in container.ports)
    return next((one.number for one in declared if one.name == wanted), None)
