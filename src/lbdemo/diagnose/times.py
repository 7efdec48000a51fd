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
    if pod is None or not pod.meta.created or not now:
        return None
    return (datetime.fromisoformat(now) - datetime.fromisoformat(pod.meta.created)).total_seconds()


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
