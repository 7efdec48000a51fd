"""What stands before the service: the other pods of callers that are proxies, and by which Services they are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.diagnose.evidence import Front
from lbdemo.diagnose.fronts import is_front
from lbdemo.diagnose.workloads import workload_of
from lbdemo.kube.answers import Unseen
from lbdemo.kube.kinds import PODS, SERVICES
from lbdemo.kube.records.workloads import HASH
from lbdemo.kube.side_by_side import each

if TYPE_CHECKING:
    from lbdemo.kube.api import Api
    from lbdemo.kube.records.pods import Pod

REVISION = "controller-revision-hash"
"""By which label pods of one generation of a DaemonSet or a StatefulSet know each other."""
MOST = 4  # workloads that are looked up


@dataclass(frozen=True, slots=True)
class Found:
    """What stands before the service, and what could not be seen of it."""

    fronts: tuple[Front, ...] = ()
    unseen: tuple[Unseen, ...] = ()

    @property
    def pods(self) -> list[Pod]:
        """All their pods."""
        return [pod for front in self.fronts for pod in front.pods]


def fronts_of(api: Api, callers: Sequence[Pod]) -> Found:
    """The workloads of those callers that are proxies, with all of their pods."""
    known = {(pod.meta.namespace, workload_of(pod)): pod for pod in callers if is_front(pod) and workload_of(pod)}
    answers = each(lambda pod: _front(api, pod), list(known.values())[:MOST])
    unseen = tuple(dict.fromkeys(answer for answer in answers if isinstance(answer, Unseen)))
    return Found(tuple(answer for answer in answers if isinstance(answer, Front)), unseen)


def _front(api: Api, one: Pod) -> Front | Unseen | None:
    label = next((name for name in (HASH, REVISION) if name in one.meta.labels), "")
    if not label:
        return None
    where, workload = one.meta.namespace, workload_of(one)
    alike = api.list(PODS, where, selector=f"{label}={one.meta.labels[label]}")
    services = api.list(SERVICES, where)
    if isinstance(alike, Unseen):
        return alike
    known = () if isinstance(services, Unseen) else services
    called = tuple(s for s in known if s.selector and s.selector.items() <= one.meta.labels.items())
    return Front(where, workload, tuple(pod for pod in alike if pod.ready and workload_of(pod) == workload), called)
