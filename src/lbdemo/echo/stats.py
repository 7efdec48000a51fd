"""What a server counts: the second witness of a measurement."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RUN_KEY = "lbdemo-run"
"""The metadata key by which a client marks the calls of one run."""

MAX_RUNS = 256
MAX_RUN_NAME = 128


@dataclass(slots=True)
class CallCounts:
    """Calls that reached the handler (`retries` of them as further attempts), and those answered with OK or an error.

    What is received and neither answered nor failed was given up by the client, cut off, or is in flight. Streams are
    counted apart: those that began, those of them that are open now, and all their answers.
    """

    received: int = 0
    answered: int = 0
    failed: int = 0
    retries: int = 0
    streams: int = 0
    streams_open: int = 0
    stream_answers: int = 0


class Stats:
    """Counts of all calls, and of each of the last 256 runs; constant memory however long the server lives."""

    def __init__(self) -> None:
        self.total = CallCounts()
        self._runs: OrderedDict[str, CallCounts] = OrderedDict()

    def received(self, run: str, retry: bool = False) -> None:
        """Counts a call on arrival, before anything else is done with it; `retry`: it says it is a further attempt."""
        self.total.received += 1
        self.total.retries += retry
        if run:
            counts = self._run(run)
            counts.received += 1
            counts.retries += retry

    def answered(self, run: str) -> None:
        """Counts a call that is answered with OK."""
        self.total.answered += 1
        if run:
            self._run(run).answered += 1

    def failed(self, run: str) -> None:
        """Counts a call that is answered with an error."""
        self.total.failed += 1
        if run:
            self._run(run).failed += 1

    @contextmanager
    def stream(self, run: str) -> Iterator[Callable[[], None]]:
        """Counts a stream on arrival, and as open until the block ends; it yields what counts an answer of it."""
        both = (self.total, self._run(run)) if run else (self.total,)

        def answered() -> None:
            for counts in both:
                counts.stream_answers += 1

        for counts in both:
            counts.streams += 1
            counts.streams_open += 1
        try:
            yield answered
        finally:
            for counts in both:
                counts.streams_open -= 1

    def of(self, run: str) -> CallCounts:
        """The counts of one run, zeros for one that is unknown or long ago; of all calls for the empty name."""
        return self._runs.get(run[:MAX_RUN_NAME], CallCounts()) if run else self.total

    def _run(self, run: str) -> CallCounts:
        counts = self._runs.get(run)
        if counts is None:
            counts = self._runs.setdefault(run[:MAX_RUN_NAME], CallCounts())
            if len(self._runs) > MAX_RUNS:
                self._runs.popitem(last=False)
        return counts
