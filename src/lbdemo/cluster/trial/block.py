"""What the client in its pod reports, counted line by line."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lbdemo.config import Place
from lbdemo.errors import LbdemoError, ProgramFailedError
from lbdemo.records import Sample, Tally, decode, is_ours
from lbdemo.records.spans import Spans, decode_spans
from lbdemo.tools.failures import Source, failure
from lbdemo.tools.kubectl import Kubectl

NONE_ANSWERED = 1  # the exit code of a client of whose calls none was answered
Sink = Callable[[Sample], None]


@dataclass(slots=True)
class Collected:
    """What the client reported so far: `answers` are the good ones of each server, gate included, `gate` all of its."""

    tally: Tally = field(default_factory=Tally)
    answers: Counter[str] = field(default_factory=Counter)
    gate: Counter[str] = field(default_factory=Counter)
    blocks: int = 0
    next_seq: int = 0
    connections: int = 0
    spans: Spans | None = None  # what became of them, where calls were traced

    def add(self, sample: Sample) -> None:
        """Takes a call in."""
        self.tally.add(sample)
        self.next_seq = max(self.next_seq, sample.seq + 1)
        self.connections = max(self.connections, sample.connection + 1)
        if sample.ok:
            self.answers[sample.server] += 1
        if sample.gate and sample.server:
            self.gate[sample.server] += 1

    def other(self, line: str) -> None:
        """Takes a line in that is no call."""
        self.spans = decode_spans(line) or self.spans
        if not is_ours(line):
            self.tally.count_unknown()

    def block_of(self, received: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
        """How many calls of the block reached each server, of all that did."""
        return tuple((server, calls - self.gate[server]) for server, calls in sorted(received.items()))


def collect(
    kubectl: Kubectl,
    place: Place,
    pod: str,
    argv: Sequence[str],
    sink: Sink | None,
    so_far: Collected,
) -> None:
    """Runs the client in its pod and counts what it reports, line by line, as going on after what there is so far."""
    seq, connection = so_far.next_seq, so_far.connections
    try:
        for line in kubectl.stream(kubectl.exec_argv(pod, place.namespace, argv)):
            sample = decode(line)
            if sample is None:
                so_far.other(line)
                continue
            if so_far.blocks:
                sample = replace(sample, seq=sample.seq + seq, connection=sample.connection + connection)
            so_far.add(sample)
            if sink is not None:
                sink(sample)
    except BaseException as error:
        silent = so_far.tally.summary().sent and not so_far.answers.total()
        if silent and _none_answered(error):  # which is an answer, too
            return
        end_run(kubectl, place, pod, argv[argv.index("--run") + 1])
        raise


def _none_answered(error: BaseException) -> bool:
    """Whether the client itself says so; a broken kubectl may end with the same exit code."""
    if not isinstance(error, ProgramFailedError) or error.code != NONE_ANSWERED:
        return False
    return failure(error).source is Source.REMOTE


def end_run(kubectl: Kubectl, place: Place, pod: str, run: str) -> None:
    """Ends the client of this run in its pod, where it would go on without the kubectl that started it."""
    with contextlib.suppress(LbdemoError):  # a pod that is gone has no client any more
        kubectl.exec(pod, place.namespace, ["lbdemo", "peer", "end", "--run", run], timeout=20)
