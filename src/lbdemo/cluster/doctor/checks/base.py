"""What a check is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lbdemo.cluster.doctor.asked import COMMANDS, Asked
from lbdemo.cluster.doctor.evidence import Evidence
from lbdemo.cluster.doctor.results import Judged, Result, first_gap, missing


@dataclass(frozen=True, slots=True)
class Check:
    """One named check. `needs` are the fields of Evidence that it cannot do without; `judge` is pure.

    It is made for the `commands` named, and where `concerns` says so.
    """

    name: str
    group: str
    why: str
    needs: tuple[str, ...]
    judge: Callable[[Asked, Evidence], Judged]
    commands: tuple[str, ...] = COMMANDS
    concerns: Callable[[Asked], bool] = lambda _: True
    beside: tuple[str, ...] = ()  # further fields of Evidence that it looks at, also where they are gaps

    def fits(self, asked: Asked) -> bool:
        """Whether it matters for what was asked."""
        return asked.command in self.commands and self.concerns(asked)

    def __call__(self, asked: Asked, evidence: Evidence) -> Result:
        """The result; skipped or failed where what it needs could not be had."""
        gap = first_gap([getattr(evidence, name) for name in self.needs])
        judged = missing(gap) if gap is not None else self.judge(asked, evidence)
        return Result(self.name, self.group, self.why, judged)
