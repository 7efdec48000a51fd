"""What has changed since an earlier diagnosis, finding by finding."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lbdemo.measure.verdict import Outcome

if TYPE_CHECKING:
    from lbdemo.diagnose.diagnosis import Diagnosis


@dataclass(frozen=True, slots=True)
class Changes:
    """An earlier diagnosis beside one of now: the codes that are gone, that are new, and that are still there."""

    before: Diagnosis
    now: Diagnosis

    @property
    def gone(self) -> tuple[str, ...]:
        """The codes that are found no more, and of which that can be told."""
        return tuple(code for code in self._missing if code not in self.untold)

    @property
    def untold(self) -> tuple[str, ...]:
        """The codes that are found no more, while too little is seen now to tell that they are gone."""
        if self.now.case.judged.outcome is Outcome.BALANCED:
            return ()
        cannot = {each.code for each in self.now.said.cannot}
        return tuple(code for code in self._missing if code in cannot or self.now.undecided)

    @property
    def ignored(self) -> tuple[str, ...]:
        """The codes that are still found, and ignored now."""
        return tuple(f.code for f in self.before.findings if f.code in self.now.said.ignored)

    @property
    def _missing(self) -> tuple[str, ...]:
        there = {*_codes(self.now), *self.ignored}
        return tuple(f.code for f in self.before.findings if f.code not in there)

    @property
    def later(self) -> bool:
        """Whether what was said to be earlier was seen later."""
        then, now = self.before.evidence.made, self.now.evidence.made
        return bool(then and now) and datetime.fromisoformat(then) > datetime.fromisoformat(now)

    @property
    def new(self) -> tuple[str, ...]:
        """The codes that were not found before."""
        return tuple(f.code for f in self.now.findings if f.code not in _codes(self.before))

    @property
    def still(self) -> tuple[str, ...]:
        """The codes that are found again."""
        return tuple(f.code for f in self.now.findings if f.code in _codes(self.before))

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        judged = self.before.case.judged
        before = self.before.evidence
        return {
            "made": before.made, "namespace": before.namespace, "service": before.name,
            "port": before.port.number, "outcome": judged.outcome.value, "source": judged.source, "later": self.later,
            "gone": list(self.gone), "new": list(self.new), "still": list(self.still),
            "untold": list(self.untold), "ignored": list(self.ignored),
        }  # fmt: skip


def _codes(diagnosis: Diagnosis) -> set[str]:
    return {finding.code for finding in diagnosis.findings}
