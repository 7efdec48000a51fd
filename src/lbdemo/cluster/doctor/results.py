"""What a check comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from lbdemo.errors import LbdemoError
from lbdemo.kube.answers import Unseen

T = TypeVar("T")
GAPS = (Unseen, LbdemoError)
Gap = Unseen | LbdemoError
"""What stands where evidence should be: it could not be seen, or who was asked failed."""


class Status(StrEnum):
    """How it stands with one check."""

    OK = "ok"
    WARNING = "warning"  # the command works all the same, or only in part
    FAILED = "failed"  # the command cannot do what it is for
    SKIPPED = "skipped"  # it could not be seen, which is neither good nor bad


@dataclass(frozen=True, slots=True)
class Judged:
    """What was seen, in a sentence, and how to mend it ("" where there is nothing to mend).

    `cause` is the error that the evidence came to, for who stops because of it.
    """

    status: Status
    seen: str
    mend: str = ""
    cause: LbdemoError | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Result:
    """One check with what it came to; `why` says why it matters."""

    name: str
    group: str
    why: str
    judged: Judged

    @property
    def status(self) -> Status:
        """How it stands."""
        return self.judged.status

    def to_dict(self) -> dict[str, Any]:
        """Stable keys."""
        return {
            "name": self.name, "group": self.group, "status": self.status.value, "seen": self.judged.seen,
            "why": self.why, "mend": self.judged.mend,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Examination:
    """All results, for which command, strategy ("" for none in particular), context and namespace."""

    command: str
    strategy: str
    context: str
    server: str
    namespace: str
    results: tuple[Result, ...]

    @property
    def fit(self) -> bool:
        """Whether nothing failed."""
        return not self.count(Status.FAILED)

    def count(self, status: Status) -> int:
        """How many checks stand so."""
        return sum(result.status is status for result in self.results)

    def to_dict(self) -> dict[str, Any]:
        """For `-o json`: versioned, stable keys."""
        return {
            "schema": "lbdemo.doctor/1",
            "for": self.command,
            "strategy": self.strategy,
            "context": {"name": self.context, "server": self.server},
            "namespace": self.namespace,
            "fit": self.fit,
            "summary": {status.value: self.count(status) for status in Status},
            "checks": [result.to_dict() for result in self.results],
        }


def ok(seen: str) -> Judged:
    """As it should be."""
    return Judged(Status.OK, seen)


def warning(seen: str, mend: str = "") -> Judged:
    """The command works all the same, or only in part."""
    return Judged(Status.WARNING, seen, mend)


def failed(seen: str, mend: str = "", cause: LbdemoError | None = None) -> Judged:
    """The command cannot do what it is for."""
    return Judged(Status.FAILED, seen, mend, cause)


def bad(seen: str, mend: str, *, fatal: bool) -> Judged:
    """Failed where it is `fatal` for what was asked, else a warning."""
    return failed(seen, mend) if fatal else warning(seen, mend)


def missing(gap: Gap) -> Judged:
    """What could not be seen is skipped, with what would settle it; who failed has failed."""
    if isinstance(gap, Unseen):
        return Judged(Status.SKIPPED, f"cannot see {gap}", gap.hint)
    return failed(gap.message, gap.hint, gap)


def first_gap(values: Sequence[object]) -> Gap | None:
    """The first that is no evidence."""
    return next((value for value in values if isinstance(value, GAPS)), None)
