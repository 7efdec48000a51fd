"""How old something is, by the times that Kubernetes writes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from lbdemo.diagnose.evidence import Evidence
    from lbdemo.kube.records.pods import Pod

LEARNT = 60.0
"""Seconds in which clients, proxies and DNS learn of a new pod: DNS is cached for up to 30 s, and asked every 30 s."""
APART = 5.0
"""Seconds within which pods of one rollout are made."""


def age(pod: Pod | None, now: str) -> float | None:
    """How many seconds before `now` the pod was made; None where that is not known."""
    return _ago(pod.meta.created, now) if pod is not None else None


def ready_for(pod: Pod | None, now: str) -> float | None:
    """How many seconds before `now` the pod became ready; None where that is not known."""
    return _ago(pod.ready_since, now) if pod is not None else None


def runs_for(pod: Pod | None, now: str) -> float | None:
    """How many seconds before `now` the first of the programs that still run in it began; None where not known."""
    containers = pod.containers if pod is not None else ()
    known = [each for c in containers if not c.init and (each := _ago(c.started, now)) is not None]
    return max(known, default=None)


def _ago(then: str, now: str) -> float | None:
    """Seconds from `then` to `now`; None where either is not known."""
    return (datetime.fromisoformat(now) - datetime.fromisoformat(then)).total_seconds() if then and now else None


def moment(evidence: Evidence, at: float) -> str:
    """When it was `at` seconds since watching began, RFC 3339; "" where nobody noted when that was."""
    if not evidence.made:
        return ""
    return (datetime.fromisoformat(evidence.made) + timedelta(seconds=at - evidence.watched)).isoformat(
        timespec="seconds"
    )


def born(pod: Pod) -> float:
    """When the pod was made, in seconds since 1970; 0 where that is not known."""
    return datetime.fromisoformat(pod.meta.created).timestamp() if pod.meta.created else 0.0


def came_later(pods: Collection[Pod | None], than: Collection[Pod | None], now: str) -> list[float]:
    """The ages of those pods that were made after all the others, more than a few seconds; of unknown age: none."""
    known = [each for pod in than if (each := age(pod, now)) is not None]
    if not known:
        return []
    return [each for pod in pods if (each := age(pod, now)) is not None and each + APART < min(known)]


def missed_at_start(pod: Pod | None, caller: Pod | None, reached: Collection[Pod | None], now: str) -> bool:
    """Whether a caller that asked DNS once, when it began, may not have been told of the pod: it was not ready then.

    False where that is not known, and where the caller is connected to a pod that was made after it began: it has
    asked again since.
    """
    ready, runs = ready_for(pod, now), runs_for(caller, now)
    known = [age(one, now) for one in reached]
    if ready is None or runs is None or any(each is None or each + APART < runs for each in known):
        return False
    return ready < runs + APART
