"""`trace`: calls from inside the client's pod, and whether each was seen whole: every hop of its way, one pod named."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from lbdemo.cluster.kernel.steps import Tools
from lbdemo.cluster.trial.backend import AwayError, Backend
from lbdemo.cluster.trial.block import Collected, collect
from lbdemo.cluster.trial.options import VerifyOptions
from lbdemo.cluster.trial.verify import Installation, command
from lbdemo.config import Place
from lbdemo.errors import InputError, OperationFailedError
from lbdemo.records import Sample
from lbdemo.records.spans import Spans
from lbdemo.traces import Trace
from lbdemo.traces.proof import Proof, prove
from lbdemo.traces.role import Role, role

PATIENCE = 15.0
"""Seconds after which spans that are still missing count as missing: proxies send theirs after 5 s, unless told."""
AWAY = 5.0
"""Seconds after which what does not answer at all is taken to be away."""
LOOK = 0.5
SKEW = 5.0  # seconds that the clocks of two nodes may differ


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """What `trace` is asked: so many calls, so many a second, each with a deadline of so many seconds."""

    calls: int = 100
    rate: float = 50.0
    timeout: float = 5.0


@dataclass(frozen=True, slots=True)
class Traced:
    """What came of it: the proof, how many calls `answered`, and of the client's `spans` how many were lost.

    `away` says why what has the spans could not be asked; "" where it was.
    """

    proof: Proof
    answered: int
    backend: Backend
    spans: Spans = field(default_factory=lambda: Spans(0))
    away: str = ""

    @property
    def holds(self) -> bool:
        """Whether every call was answered, and seen whole."""
        return self.proof.holds and self.answered == self.proof.calls and not self.spans.lost


def check_traced(installation: Installation) -> None:
    """Raises InputError where nobody traces."""
    if not installation.otlp:
        raise InputError("the calls of what is installed are not traced", "add --trace to `lbdemo up`")


def trace(
    tools: Tools, place: Place, options: TraceOptions, installation: Installation, backend: Backend,
    say: Callable[[str], None] = lambda _: None,
) -> Traced:  # fmt: skip
    """Makes the calls, and looks for their traces until none is missing, or for PATIENCE seconds.

    Raises InputError where nothing is traced, UnseenError where this user may not ask what has the spans.
    """
    check_traced(installation)
    with contextlib.suppress(AwayError):  # who may not ask makes no calls first
        backend.traces(tools.api, 0.0, 1.0)
    run, counted, times = uuid.uuid4().hex[:12], Collected(), list[float]()
    how = VerifyOptions(calls=options.calls, rate=options.rate, timeout=options.timeout)
    argv = command(installation, how, options.calls, run, traced=True)
    collect(tools.kubectl, place, installation.client.name, argv, _times(times), counted)
    summary = counted.tally.summary()
    if not times:
        raise OperationFailedError("the client in the pod sent no call", "`lbdemo logs client` shows what it says")
    say(f"{summary.sent} calls made; looking for their traces")
    search = Search(tools, backend, run, options.calls, installation, min(times), max(times))
    proof, away = search.until_whole()
    return Traced(proof, summary.answered, backend, counted.spans or Spans(0), away)


def _times(times: list[float]) -> Callable[[Sample], None]:
    return lambda sample: times.append(sample.due)


@dataclass(frozen=True, slots=True)
class Search:
    """The search for a run's traces: its calls were due between two times, by the client's clock."""

    tools: Tools
    backend: Backend
    run: str
    calls: int
    installation: Installation
    begin: float
    end: float

    def until_whole(self) -> tuple[Proof, str]:
        """The proof, when it holds or PATIENCE is over; and why nobody could be asked, "" where somebody answered."""
        begun = self.tools.clock()
        while True:
            proof, away = self.once()
            if proof.holds or self.tools.clock() > begun + (AWAY if away else PATIENCE):
                return proof, away
            self.tools.pause(LOOK)

    def once(self) -> tuple[Proof, str]:
        """What is there now."""
        away, found = "", tuple[Trace, ...]()
        try:
            found = self.backend.traces(self.tools.api, self.begin - SKEW, self.end + PATIENCE + SKEW)
        except AwayError as error:
            away = error.message
        ours = self._of_ours(found)
        return prove(ours, self.run, self.calls, self.installation.strategy.path), away

    def _of_ours(self, found: Iterable[Trace]) -> list[Trace]:
        """Without what others call meanwhile, and what was called before and after: no business of this run's."""
        pods = {pod.name for pod in (self.installation.client, *self.installation.servers, *self.installation.proxies)}
        return [trace for trace in found if trace.run or (trace.root.pod in pods and self._meanwhile(trace))]

    def _meanwhile(self, trace: Trace) -> bool:
        at = trace.root.begin / 1e9
        return self.begin <= at <= self.end and role(trace.root) is not Role.CALLER
