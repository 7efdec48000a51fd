"""Label selectors as the API server and kubectl take them."""

from __future__ import annotations

from collections.abc import Mapping


def equal_to(labels: Mapping[str, str]) -> str:
    """Selects what has all of these labels."""
    return ",".join(f"{name}={value}" for name, value in labels.items())
