"""What has changed since an earlier diagnosis, finding by finding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lbdemo.diagnose.diagnosis import Diagnosis


@dataclass(frozen=True, slots=True)
class Changes:
    """An earlier diagnosis beside one of now: the codes that are gone, that are new, and that are still there."""

    before: Diagnosis
    now: Diagnosis

    @property
    def gone(self) -> tuple[str, ...]:
        """The codes that are found no more."""
        return tuple(f.code for f in self.before.findings if f.code not in _codes(self.now))

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
            "outcome": judged.outcome.value, "source": judged.source,
            "gone": list(self.gone), "new": list(self.new), "still": list(self.still),
        }  # fmt: skip


def _codes(diagnosis: Diagnosis) -> set[str]:
    return {finding.code for finding in diagnosis.findings}
