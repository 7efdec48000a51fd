"""What a cause says of a made-up service."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.findings import CannotTell, Finding

Rule = Callable[[Case], Iterator[Finding | CannotTell]] | Callable[[Case], Iterator[Finding]]


def found(rule: Rule, evidence: Evidence) -> Finding:
    """The one finding. Fails on none, on several, and on what cannot be told."""
    (said,) = rule(Case(evidence))
    assert isinstance(said, Finding)
    return said


def silent(rule: Rule, evidence: Evidence) -> bool:
    """Whether the cause says nothing at all."""
    return not list(rule(Case(evidence)))


def texts(finding: Finding) -> str:
    """All lines of evidence."""
    return "\n".join(line.text for line in finding.evidence)


def commands(finding: Finding) -> str:
    """All commands of all fixes."""
    return "\n".join(command for fix in finding.fixes for command in fix.commands)
