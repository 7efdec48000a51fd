"""What a strategy costs, as part of a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Costs:
    """Set-up time (s), memory (MB, 10^6 bytes) and CPU of what a strategy adds. 0 is nothing; None is not known.

    `proxy_cpu_ms_per_1000_calls` is all proxies' CPU time for a thousand calls. `note` says why something is not known.
    """

    setup_s: float | None = None
    proxies: int | None = 0
    proxy_memory_mb: float | None = 0.0
    proxy_cpu_ms_per_1000_calls: float | None = 0.0
    control_plane_memory_mb: float | None = 0.0
    note: str = ""

    def to_dict(self) -> dict[str, object]:
        """The record ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """From a record; members that a newer lbdemo has added are left out."""
        return cls(**{name: record[name] for name in cls.__dataclass_fields__})
