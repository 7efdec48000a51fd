"""Why a verdict is what it is: a code with its figures; who shows it makes the sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that the calls show. `figures` are numbers, names and lists of them; shares are from 0 to 1."""

    code: str
    figures: Mapping[str, object] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """The record ready for JSON."""
        return {"code": self.code, "figures": dict(self.figures)}
