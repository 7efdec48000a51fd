"""In which order findings are told: what explains most first, then what follows, then what does not matter here."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import CannotTell, Finding, Severity

if TYPE_CHECKING:
    from lbdemo.diagnose.evidence import Evidence

IGNORE = "lbdemo.dev/ignore"
"""The annotation of a Service whose value names codes that its people know of: LB204, LB101."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """Findings in the order in which they are told, what could not be told, and the codes that were ignored; of those,
    the `excused` ones account for some of what was seen."""

    findings: tuple[Finding, ...]
    cannot: tuple[CannotTell, ...]
    ignored: tuple[str, ...] = ()
    excused: tuple[str, ...] = ()


def ranked(said: Sequence[Finding | CannotTell], evidence: Evidence, ignored: Collection[str] = ()) -> Ranked:
    """All that the causes said, in order. Those of `ignored` codes, or that the Service's annotation names, are left
    out."""
    known = evidence.service.meta.annotations.get(IGNORE, "")
    left_out = {code.strip().upper() for code in (*ignored, *known.replace(" ", ",").split(",")) if code.strip()}
    findings = [each for each in said if isinstance(each, Finding)]
    kept = [finding for finding in findings if finding.code not in left_out]
    codes = {finding.code for finding in kept}
    kept.sort(key=lambda finding: _place(finding, codes))
    cannot = tuple(each for each in said if isinstance(each, CannotTell) and each.code not in left_out)
    ignored_too = [finding for finding in findings if finding.code in left_out]
    excused = {finding.code for finding in ignored_too if finding.explains}
    return Ranked(tuple(kept), cannot, tuple(sorted({f.code for f in ignored_too})), tuple(sorted(excused)))


def _place(finding: Finding, codes: Collection[str]) -> tuple[int, float, int, int, str]:
    """What explains something, by how much, the certain before the possible; then what follows; then all others, the
    gravest first."""
    follows = any(code in codes for code in finding.follows_from)
    group = 1 if follows else 0 if finding.explains else 2
    sure, grave = int(finding.possible), list(Severity).index(finding.severity)
    first, second = (sure, grave) if finding.explains else (grave, sure)
    return group, -finding.explains, first, second, finding.code
