"""One record for all that a command measured: the terminal, JSON, JUnit and HTML show this and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lbdemo.errors import ANSWER_IS_NO, CANNOT_TELL, OK
from lbdemo.records.verdict import verdict_record
from lbdemo.words import count

if TYPE_CHECKING:
    from lbdemo.measure.verdict import Verdict
    from lbdemo.records.costs import Costs
    from lbdemo.records.drills import Drilled
    from lbdemo.records.summary import Summary

SCHEMA = "lbdemo.report/2"


@dataclass(frozen=True, slots=True)
class Witness:
    """What a second witness says of one server: the server's own counter, or the proxy's for that host.

    `client` counts the answers that the client got from it (gate and block), `own` what the witness counted;
    None when it could not be asked. `note` explains a difference that has an innocent reason; without one
    a difference is a contradiction.
    """

    server: str
    client: int
    own: int | None
    note: str = ""

    @property
    def agrees(self) -> bool:
        """True when both count alike, or the difference is explained."""
        return self.own == self.client or bool(self.note)

    def to_dict(self) -> dict[str, object]:
        """The record ready for JSON."""
        return {"server": self.server, "client": self.client, "own": self.own, "agrees": self.agrees, "note": self.note}


def failures_explain(more: Sequence[int], failed: int) -> bool:
    """Whether calls that failed at the client can explain how many `more` answers each witness counted than it.

    They can only explain that more were counted, and no more in all than calls failed.
    """
    return bool(failed) and min(more, default=0) >= 0 and sum(more) <= failed


def unheard(failed: int) -> str:
    """The note on a server that counted more than the client heard of."""
    return f"{count(failed, 'call')} failed at the client; a server may have answered some of them"


@dataclass(frozen=True, slots=True)
class Result:
    """One thing that was measured and judged: an act of the demonstration, a strategy on the cluster.

    `name` is short and unique in its report (`clusterip`), `title` says it to a person. `witness_name` says who the
    second witness is. `notes` are further sentences; `costs` and `drills`
    are what a comparison measured besides; `extra` holds figures that only some commands have.
    `promises_kept` is False when something else than the spread was not as promised; a note then says what.
    """

    name: str
    title: str
    summary: Summary
    verdict: Verdict
    witness: tuple[Witness, ...] = ()
    witness_name: str = ""
    notes: tuple[str, ...] = ()
    extra: Mapping[str, object] = field(default_factory=dict)
    promises_kept: bool = True
    costs: Costs | None = None
    drills: tuple[Drilled[Any], ...] = ()

    @property
    def ok(self) -> bool:
        """As expected in all, and not contradicted by the second witness."""
        agreed = all(witness.agrees for witness in self.witness)
        return self.verdict.as_expected and agreed and self.promises_kept

    @property
    def open(self) -> bool:
        """Neither yes nor no: the calls cannot tell, and nothing else speaks against it."""
        return self.verdict.undecided and self.promises_kept and all(witness.agrees for witness in self.witness)

    def to_dict(self) -> dict[str, object]:
        """The record ready for JSON."""
        return {
            "name": self.name,
            "title": self.title,
            "ok": self.ok,
            "promises_kept": self.promises_kept,
            "summary": self.summary.to_dict(),
            "verdict": verdict_record(self.verdict),
            "witness": {"name": self.witness_name, "servers": [witness.to_dict() for witness in self.witness]},
            "notes": list(self.notes),
            "costs": None if self.costs is None else self.costs.to_dict(),
            "drills": {drill.name: drill.to_dict() for drill in self.drills},
            "extra": dict(self.extra),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """All that one command measured. `started` is ISO 8601 in UTC; `environment` says where (versions, cluster, cores).

    `skipped` names what cannot be measured here, each with the reason; `broken` what should have been and could not.
    """

    command: str
    version: str
    started: str
    results: tuple[Result, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    skipped: tuple[tuple[str, str], ...] = ()
    broken: tuple[tuple[str, str], ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything that should be measured was (and something was), and is as expected."""
        return bool(self.results) and not self.broken and all(result.ok for result in self.results)

    @property
    def exit_code(self) -> int:
        """0 when all is as expected; 7 when all that is not cannot be told from the calls; else 1."""
        if self.ok:
            return OK
        undecided = bool(self.results) and not self.broken and all(result.ok or result.open for result in self.results)
        return CANNOT_TELL if undecided else ANSWER_IS_NO

    def to_dict(self) -> dict[str, object]:
        """What `--json` prints, and what the HTML page embeds."""
        return {
            "schema": SCHEMA,
            "command": self.command,
            "version": self.version,
            "started": self.started,
            "ok": self.ok,
            "environment": dict(self.environment),
            "results": [result.to_dict() for result in self.results],
            "skipped": [
                {"name": name, "reason": reason, "failed": failed}
                for failed, names in ((False, self.skipped), (True, self.broken))
                for name, reason in names
            ],
        }
