"""How old something is, by the times that Kubernetes writes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lbdemo.kube.records.pods import Pod


def age(pod: Pod | None, now: str) -> float | None:
    """How many seconds before `now` the pod was made; None where that is not known."""
    if pod is None or not pod.meta.created or not now:
        return None
    return (datetime.fromisoformat(now) - datetime.fromisoformat(pod.meta.created)).total_seconds()
