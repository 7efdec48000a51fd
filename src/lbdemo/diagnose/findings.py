"""What a rule says: a finding with its evidence and its fixes, or why it cannot tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters by itself, whatever it explains here."""

    PROBLEM = "problem"  # calls are not spread as people expect
    RISK = "risk"  # it would be, once something else changes
    NOTE = "note"  # as it was told to be, or no fault of balancing


@dataclass(frozen=True, slots=True)
class Line:
    """One line of evidence, and where it comes from: `API`, `server sockets`, `callers' proxies`, `metrics`."""

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Fix:
    """One way to mend it: what it does, the commands to paste, and those that undo them.

    `commands` are whole lines for a shell, manifests among them (`kubectl apply -f - <<'EOF' …`). Where a change has
    to be made in somebody's code, `commands` is empty and `advice` says what.
    """

    title: str
    commands: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause, seen here.

    `explains` (0 to 1) is the part of the seen imbalance that it accounts for: the part of calls (or, where calls are
    not known, of connections) that it decides; 0 for what does not matter here. `follows_from` are the codes of the
    causes that it follows from, if those are found. `possible` says that the evidence fits but is not unmistakable.
    `aside`: it is a fault, and has nothing to do with how calls are spread.
    """

    code: str
    name: str
    sentence: str
    severity: Severity
    evidence: tuple[Line, ...]
    fixes: tuple[Fix, ...] = ()
    explains: float = 0.0
    follows_from: tuple[str, ...] = ()
    possible: bool = False
    aside: bool = False

    @property
    def page(self) -> str:
        """Where more is written about it."""
        return f"docs/causes/{self.code}.md"


@dataclass(frozen=True, slots=True)
class CannotTell:
    """A rule that would need to have seen more, and why it has not: `because` names what is missing."""

    code: str
    name: str
    because: str
    needs: tuple[str, ...] = field(default=())  # what could not be seen, as `Evidence.unseen` names it
