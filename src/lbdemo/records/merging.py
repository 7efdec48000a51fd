"""Several saved runs of the same thing, put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from lbdemo.errors import InputError
from lbdemo.records.recording import Recording
from lbdemo.records.report import Witness
from lbdemo.records.tally import Tally

OTHERS_ASKED = "Not all of these runs have the same second witness, so none is told."


def together(runs: Sequence[Recording]) -> Recording:
    """The runs as one, one after another as they began: even only in total is then seen to be in turns.

    Latencies are added bucket by bucket; connections are each run's own. What is judged is one test of all calls, with
    the whole error probability, however many blocks each run had planned. Raises InputError for runs of different
    things, of different expectations, and for the same run twice.
    """
    if len(runs) == 1:
        return runs[0]
    _check(runs)
    tally, first = Tally(), runs[0]
    for run in sorted(runs, key=lambda run: run.tally.began):
        tally.merge(run.tally, later=True)
    witness_name = first.witness_name if len({run.witness_name for run in runs}) == 1 else ""
    notes = (*dict.fromkeys(note for run in runs for note in run.notes),)
    return replace(
        first,
        title=f"{first.title} ({len(runs)} runs)",
        started=min(run.started for run in runs),
        environment=_environment([run.environment for run in runs]),
        expectation=replace(first.expectation, looks=1),
        tally=tally,
        answers=sum((run.answers for run in runs), Counter()),
        witness_name=witness_name,
        witness=_witnesses(runs) if witness_name else (),
        notes=notes if witness_name or not any(run.witness for run in runs) else (*notes, OTHERS_ASKED),
    )


def _check(runs: Sequence[Recording]) -> None:
    hint = "judge each by itself, or give runs of one strategy to the same servers"
    if len(names := {run.name for run in runs}) > 1:
        raise InputError(f"the runs are of different things: {', '.join(sorted(names))}", hint)
    if any(run.expectation != runs[0].expectation for run in runs):
        raise InputError("the runs expect different servers, or were promised different things", hint)
    if len({run.tally.began for run in runs}) < len(runs):
        raise InputError("the same run is given twice", "give each recording once")


def _environment(each: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """What was so in all runs, and all that was so in some."""
    keys = dict.fromkeys(key for environment in each for key in environment)
    return {key: ", ".join(_once(environment[key] for environment in each if key in environment)) for key in keys}


def _once(words: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(words)


def _witnesses(runs: Sequence[Recording]) -> tuple[Witness, ...]:
    """Each server's counts in all runs; unknown where one of them is."""
    by_server: dict[str, list[Witness]] = {}
    for run in runs:
        for witness in run.witness:
            by_server.setdefault(witness.server, []).append(witness)
    return tuple(_witness(server, said) for server, said in sorted(by_server.items()))


def _witness(server: str, said: Sequence[Witness]) -> Witness:
    known = [witness.own for witness in said if witness.own is not None]
    own = sum(known) if len(known) == len(said) else None
    note = " ".join(_once(witness.note for witness in said if witness.note))
    return Witness(server, sum(witness.client for witness in said), own, note)
