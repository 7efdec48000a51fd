"""Events: what components had to say of an object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """What a component had to say of an object, such as `Unhealthy: Readiness probe failed: …`."""

    kind: str  # of the object that it is about
    name: str
    reason: str
    message: str
    last: str  # when it was last said, RFC 3339
    type: str = ""  # Normal or Warning
    count: int = 1
    source: str = ""  # who said it, such as kubelet


def parse_event(item: Mapping[str, Any]) -> Event:
    """One event object, of the old form (`lastTimestamp`) or the new (`eventTime`, `series`)."""
    about, series = item.get("involvedObject") or {}, item.get("series") or {}
    return Event(
        kind=about.get("kind", ""),
        name=about.get("name", ""),
        reason=item.get("reason", ""),
        message=item.get("message", ""),
        last=item.get("lastTimestamp") or series.get("lastObservedTime") or item.get("eventTime") or "",
        type=item.get("type", ""),
        count=item.get("count") or series.get("count") or 1,
        source=item.get("reportingComponent") or (item.get("source") or {}).get("component", ""),
    )
