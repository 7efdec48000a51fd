"""A saved run: JSON lines, first what was asked, then every call, last what the second witness said."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lbdemo.errors import InputError
from lbdemo.measure.verdict import Expectation, Outcome
from lbdemo.records.report import Result, Witness
from lbdemo.records.sample import decode
from lbdemo.records.sequence import MAX_PROCESSES
from lbdemo.records.spans import KEY, SPANS
from lbdemo.records.tally import Tally
from lbdemo.words import number

BEGIN, END = "run/1", "witness/1"
ONE = "give `lbdemo report` each recording as a file of its own"
AGAIN = "record it again with `lbdemo verify --save FILE`"


@dataclass(frozen=True, slots=True)
class Recording:
    """A run as it was saved: judge it again with `judge(tally.summary().counts, expectation)`."""

    name: str
    title: str
    started: str
    environment: Mapping[str, str]
    expectation: Expectation
    tally: Tally
    answers: Counter[str] = field(default_factory=Counter)  # each server's good answers, gate included
    witness_name: str = ""
    witness: tuple[Witness, ...] = ()
    notes: tuple[str, ...] = ()
    planned: int = 0  # the calls of the block; 0 when the file does not say
    begun: bool = False  # whether the first line is there
    ended: bool = False  # whether the last line is there

    @property
    def look(self) -> int:
        """After which of the planned blocks the verdict was made: 2 when there are calls of a second one."""
        return 2 if self.expectation.looks > 1 and self.tally.summary().sent > self.planned > 0 else 1

    @property
    def missing(self) -> str:
        """What is missing of a run that says what was asked, in a sentence; "" when nothing is."""
        sent = self.tally.summary().sent
        if not self.started or (self.ended and sent == (self.planned or sent)):
            return ""
        if sent > self.planned > 0:
            planned = f"{number(sent)}, where {number(self.planned)} were planned"
            return f"The recording holds more calls than were made: {planned}."
        calls = f" {number(sent)} of {number(self.planned)} calls are there." if sent < self.planned else ""
        return f"The recording is incomplete, as of a run that was interrupted.{calls}"


def begin(
    name: str,
    title: str,
    started: str,
    environment: Mapping[str, str],
    expectation: Expectation,
    calls: int = 0,
    processes: int = 1,
) -> str:
    """The first line of a saved run, without its line end. `calls` is how many the block is to have; 0: nobody knew.

    `processes` made them, each with every so-manieth sequence number.
    """
    return json.dumps(
        {
            KEY: BEGIN,
            "name": name,
            "title": title,
            "started": started,
            "environment": dict(environment),
            "calls": calls,
            "processes": processes,
            "expectation": {
                "outcome": expectation.outcome.value,
                "servers": list(expectation.servers),
                "count": expectation.count,
                "tolerance": expectation.tolerance,
                "alpha": expectation.alpha,
                "fingerprint": expectation.fingerprint,
                "max_error_ratio": expectation.max_error_ratio,
                "weights": dict(expectation.weights),
                "looks": expectation.looks,
            },
        }
    )


def end(result: Result) -> str:
    """The last line of a saved run, without its line end."""
    servers = [witness.to_dict() for witness in result.witness]
    return json.dumps({KEY: END, "name": result.witness_name, "servers": servers, "notes": list(result.notes)})


def unwitnessed() -> str:
    """The last line of a run that no witness was asked of: it says that the run came to its end."""
    return json.dumps({KEY: END, "name": "", "servers": [], "notes": []})


def read(lines: Iterable[str]) -> Recording:
    """Reads a saved run; lines that are nothing we know are counted, never fatal.

    A run without its first line (the client's own output) is read, too: what to expect is then unknown, and the
    default holds. Raises InputError when there is not one call in it, when several runs are, or when a line of ours is
    damaged, of a version that we do not know, or lost: without it the run would be judged by something else. What the
    witness's record says of the client is counted anew.
    """
    recording = Recording("run", "a saved run", "", {}, Expectation(), Tally())
    for line in lines:
        sample = decode(line)
        if sample is not None:
            if recording.ended:
                raise InputError("the file holds calls after the end of the recording", ONE)
            recording.tally.add(sample)
            recording.answers[sample.server] += sample.ok
        elif line.strip():
            recording = _other(recording, line)
    if recording.tally.empty:
        raise InputError(
            "the file holds no calls",
            "`lbdemo verify --save FILE` writes one, and so does `lbdemo client --format json > FILE`",
        )
    if not recording.begun and recording.tally.summary().repeated:
        raise InputError("the file holds sequence numbers twice, as several recordings in one do", ONE)
    if recording.ended and not recording.begun:
        raise InputError("the file lacks the line that says what was asked", AGAIN)
    return replace(recording, witness=_counted_anew(recording))


def _counted_anew(recording: Recording) -> tuple[Witness, ...]:
    """The witnesses beside what the calls in the file say; a note explains only the difference that it was made for."""
    said = {witness.server: witness for witness in recording.witness}
    if said:
        others = sorted(name for name, calls in recording.answers.items() if name and calls)
        said |= {name: Witness(name, 0, None) for name in others if name not in said}
    return tuple(
        witness if witness.client == (calls := recording.answers[name]) else Witness(name, calls, witness.own)
        for name, witness in said.items()
    )


def is_ours(line: str) -> bool:
    """Whether it is one of our own records, however it was written anew; a damaged one is known by its beginning."""
    with contextlib.suppress(ValueError, RecursionError):
        record = json.loads(line)
        return isinstance(record, dict) and KEY in record
    return line.lstrip().startswith(f'{{"{KEY}"')


def _other(recording: Recording, line: str) -> Recording:
    if not is_ours(line):
        recording.tally.count_unknown()
        return recording
    try:
        record = json.loads(line)
        if record[KEY] == BEGIN:
            return _begun(recording, record)
        if record[KEY] == END:
            return _ended(recording, record)
        if record[KEY] == SPANS:  # of no run's calls
            return recording
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            "a line of the file that says what was asked, or what was counted, is damaged", AGAIN
        ) from error
    raise InputError(f"the file holds a record of another version: {record[KEY]!r}", AGAIN)


def _begun(recording: Recording, record: Mapping[str, Any]) -> Recording:
    if recording.begun or not recording.tally.empty:
        raise InputError("the file holds more than one recording", ONE)
    asked = record["expectation"]
    expectation = Expectation(
        outcome=Outcome(asked["outcome"]),
        servers=_texts(asked["servers"]),
        count=_count(asked["count"]),
        tolerance=_number(asked["tolerance"] if "tolerance" in asked else asked["effect"]),  # older files say effect
        alpha=_number(asked["alpha"]),
        fingerprint=asked["fingerprint"],
        max_error_ratio=_number(asked["max_error_ratio"]),
        weights=tuple((str(name), _number(weight)) for name, weight in asked.get("weights", {}).items()),
        looks=_count(asked.get("looks", 1)),
    )
    return replace(
        recording,
        begun=True,
        name=str(record["name"]) or recording.name,
        title=str(record["title"]),
        started=str(record["started"]),
        environment={str(key): str(value) for key, value in record["environment"].items()},
        expectation=expectation,
        planned=_count(record.get("calls", 0)),
        tally=_empty(recording.tally.unknown_lines, _processes(record.get("processes", 1))),
    )


def _ended(recording: Recording, record: Mapping[str, Any]) -> Recording:
    if recording.ended:
        raise InputError("the file holds more than one recording", ONE)
    witness = tuple(_witness(server) for server in record["servers"])
    name, notes = str(record["name"]), _texts(record["notes"])
    return replace(recording, witness_name=name, witness=witness, notes=notes, ended=True)


def _witness(record: Mapping[str, Any]) -> Witness:
    server, note = _texts([record["server"], record["note"]])
    own = record["own"]
    return Witness(server, _count(record["client"]), None if own is None else _count(own), note)


def _empty(unknown_lines: int, processes: int) -> Tally:
    tally = Tally(processes)
    tally.count_unknown(unknown_lines)
    return tally


def _processes(value: object) -> int:
    if not 1 <= (processes := _count(value)) <= MAX_PROCESSES:
        raise ValueError("a number of processes was expected")
    return processes


def _texts(values: object) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError("a list of words was expected")
    return tuple(values)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError("a number was expected")
    return value


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise TypeError("a number of calls was expected")
    return value
