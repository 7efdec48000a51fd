"""Words of PromQL, the language of Prometheus."""

from __future__ import annotations

from lbdemo.durations import SECONDS


def quoted(text: str) -> str:
    """Text as a string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def span(length: float) -> str:
    """Seconds as a duration: 5m, 90s, 1500ms."""
    for unit in ("h", "m", "s"):
        if length % SECONDS[unit] == 0:
            return f"{length / SECONDS[unit]:.0f}{unit}"
    return f"{length * 1000:.0f}ms"
