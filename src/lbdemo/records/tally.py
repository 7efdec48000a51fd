"""Adds samples up in constant memory, however long the run and whoever sends."""

from __future__ import annotations

from collections import Counter
from math import inf
from typing import TYPE_CHECKING

from lbdemo.measure.histogram import Histogram, check_duration, found_buckets
from lbdemo.measure.names import OTHER, UNNAMED
from lbdemo.records.handful import HANDFUL, Handful
from lbdemo.records.order import OrderTally
from lbdemo.records.quantiles import quantiles
from lbdemo.records.sample import OK, Sample
from lbdemo.records.sequence import SequenceCheck
from lbdemo.records.summary import LATE, LATE_SHARE, ServerCalls, Summary
from lbdemo.records.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Collection

MAX_SERVERS = 1000
MAX_CODES = 32  # gRPC has 17
MAX_NAME = 253  # the longest name that Kubernetes gives a pod
KNOWN_LAGS = 2048
LAG_BUCKETS = found_buckets([(microseconds + 0.5) * 1e-6 for microseconds in range(KNOWN_LAGS)])


class Tally:
    """Samples go in one by one, a `Summary` comes out. The one mutable record of a measurement.

    Memory is bounded: of endless names the first 1000 servers and 32 codes are kept, the rest is counted
    under "(other)". An answer without a name counts for "(unnamed)". Names are made fit for a terminal. The calls are
    those of so many `processes`, which share the sequence numbers.
    """

    __slots__ = (
        "_answered",
        "_attempts",
        "_deadline",
        "_errors",
        "_failed",
        "_first_due",
        "_first_gate_due",
        "_gate_calls",
        "_gate_errors",
        "_gate_servers",
        "_lag",
        "_last_answer",
        "_late",
        "_order",
        "_pending",
        "_retried",
        "_sequence",
        "_servers",
        "_stream_answers",
        "_timeline",
        "_unknown_lines",
    )

    def __init__(self, processes: int = 1) -> None:
        self._pending: list[Sample] = []
        self._answered = (inf, -inf)  # the shortest and the longest latency of calls that were answered well
        self._failed = Histogram()
        self._deadline = Histogram()
        self._lag = Histogram()
        self._servers: dict[str, Histogram] = {}
        self._errors: dict[str, int] = {}
        self._stream_answers: Counter[str] = Counter()  # of each server that answered streams
        self._order = OrderTally()
        self._timeline = Timeline()
        self._sequence = SequenceCheck(processes)
        self._first_due = inf
        self._first_gate_due = inf
        self._last_answer = -inf
        self._late = 0
        self._attempts = 0
        self._retried = 0
        self._gate_calls = 0
        self._gate_errors = 0
        self._gate_servers: set[str] = set()
        self._unknown_lines = 0

    @property
    def empty(self) -> bool:
        """Whether no call was counted, neither in the gate nor in the block."""
        return not (self._pending or self._attempts or self._gate_calls)

    @property
    def began(self) -> float:
        """When the first call was due, in seconds since the epoch; infinity when there is none."""
        self._count()
        return min(self._first_due, self._first_gate_due)

    @property
    def unknown_lines(self) -> int:
        """Lines that could not be read as samples."""
        return self._unknown_lines

    def count_unknown(self, lines: int = 1) -> None:
        """Counts lines that could not be read as samples."""
        self._unknown_lines += lines

    def add(self, sample: Sample) -> None:
        """Counts one call. Raises ValueError, and counts nothing, when its latency is no duration."""
        if not 0 <= sample.latency < inf:
            check_duration(sample.latency)
        if sample.gate:
            self._add_gate(sample)
            return
        self._pending.append(sample)
        if len(self._pending) >= HANDFUL:
            self._count()

    def merge(self, other: Tally, *, later: bool = False) -> None:
        """Takes over all that the other has counted; the other stays as it is.

        Its calls were made side by side with these or, `later`, after them on connections of their own: the order of
        merging then says how the calls lay in time. Otherwise the result does not depend on it, as long as there are
        no more names than are kept.
        """
        self._count()
        other._count()
        for mine, theirs in (
            (self._failed, other._failed),
            (self._deadline, other._deadline), (self._lag, other._lag),
        ):  # fmt: skip
            mine.merge(theirs)
        self._answered = (min(self._answered[0], other._answered[0]), max(self._answered[1], other._answered[1]))
        (self._order.follow if later else self._order.merge)(other._order)
        self._timeline.merge(other._timeline)
        self._sequence.merge(other._sequence)
        self._first_due = min(self._first_due, other._first_due)
        self._first_gate_due = min(self._first_gate_due, other._first_gate_due)
        self._last_answer = max(self._last_answer, other._last_answer)
        self._late += other._late
        self._attempts += other._attempts
        self._retried += other._retried
        self._gate_calls += other._gate_calls
        self._gate_errors += other._gate_errors
        self._unknown_lines += other._unknown_lines
        for server in list(other._gate_servers):
            self._gate_servers.add(_kept(server, self._gate_servers, MAX_SERVERS))
        for code, count in list(other._errors.items()):
            self._add_errors(code, count)
        for server, histogram in list(other._servers.items()):
            self._server(server).merge(histogram)
        for server, answers in list(other._stream_answers.items()):
            self._stream_answers[self._name(server)] += answers

    def summary(self) -> Summary:
        """What was counted so far."""
        self._count()
        everything = self._timeline.latencies()
        answered = everything.without(self._failed, *self._answered)
        sent, late = everything.count, self._late
        seconds = max(0.0, self._last_answer - self._first_due) if sent else 0.0
        on_time = late <= LATE_SHARE * sent
        service = Histogram()
        for histogram in self._servers.values():
            service.merge(histogram)
        return Summary(
            sent=sent,
            answered=answered.count,
            errors=tuple(sorted(self._errors.items())),
            servers=tuple(
                ServerCalls(
                    server,
                    histogram.count,
                    histogram.count / service.count,
                    quantiles(histogram),
                    self._stream_answers.get(server),
                )
                for server, histogram in sorted(self._servers.items())
            ),
            latency=quantiles(everything, self._deadline.min) if on_time else None,
            answered_latency=quantiles(answered) if on_time else None,
            service=quantiles(service),
            seconds=seconds,
            calls_per_second=sent / seconds if seconds and sent > 1 else None,
            attempts=self._attempts,
            retried=self._retried,
            gate_calls=self._gate_calls,
            gate_servers=tuple(sorted(self._gate_servers)),
            late=late,
            max_lag=max(0.0, self._lag.max),
            lag=quantiles(self._lag),
            unknown_lines=self._unknown_lines,
            gate_errors=self._gate_errors,
            missing=self._sequence.missing,
            repeated=self._sequence.repeated,
            order=self._order.order(),
            settling=max(0.0, self._first_due - self._first_gate_due) if sent and self._gate_calls else None,
            buckets=everything.buckets,
            deadline_buckets=self._deadline.buckets,
            timeline=self._timeline.moments(),
            timeline_cell=self._timeline.seconds,
        )

    def _count(self) -> None:
        """Counts the calls that wait for it, a handful at a time."""
        calls, self._pending = self._pending, []
        if not calls:
            return
        handful = Handful(calls)
        self._count_times(handful)
        self._count_lags(handful.lags)
        self._sequence.add(handful.numbers)
        self._count_answers(handful)
        self._count_streams(handful.streams)
        self._attempts += sum(handful.attempts)
        self._retried += len(calls) - handful.attempts.count(1)

    def _count_times(self, calls: Handful) -> None:
        latencies = calls.latencies
        well = latencies if calls.all_well else calls.latencies_where([code == OK for code in calls.codes])
        if well:
            self._answered = (min(self._answered[0], *well), max(self._answered[1], *well))
        if not calls.all_well:
            self._count_failed(calls)
        self._timeline.add(calls.dues, calls.codes, latencies)
        self._first_due = min(self._first_due, *calls.dues)
        self._last_answer = max(self._last_answer, *calls.ends)

    def _count_failed(self, calls: Handful) -> None:
        self._failed.add_all(calls.latencies_where([code != OK for code in calls.codes]))
        self._deadline.add_all(calls.latencies_where(calls.unheard))
        for code in calls.codes:
            if code != OK:
                self._add_errors(code, 1)

    def _count_lags(self, lags: list[float]) -> None:
        """Lags are told to a microsecond: most are small, and their buckets are looked up."""
        longest = max(lags)
        if longest < KNOWN_LAGS * 1e-6:
            self._lag.add_found([LAG_BUCKETS[int(lag * 1e6)] for lag in lags], min(lags), longest)
        else:
            self._lag.add_all(lags)
        if longest > LATE:
            self._late += sum(lag > LATE for lag in lags)

    def _count_answers(self, calls: Handful) -> None:
        """Each server's service times, and the order of who answered."""
        numbers, servers, connections, spent = calls.signed
        if not numbers:
            return
        if not self._servers.keys() >= set(servers):
            servers = [self._name(server) for server in servers]
        times: dict[str, list[float]] = {server: [] for server in set(servers)}
        for server, seconds in zip(servers, spent, strict=True):
            times[server].append(seconds)
        for server, its in times.items():
            self._servers[server].add_all(its)
        self._order.add(numbers, servers, connections)

    def _count_streams(self, streams: list[Sample]) -> None:
        """How much each server answered on streams, and when the last of them ended."""
        for stream in streams:
            self._last_answer = max(self._last_answer, stream.sent + stream.lasted)
            if stream.server or stream.ok:
                self._stream_answers[self._name(stream.server)] += stream.answers or 0

    def _add_gate(self, sample: Sample) -> None:
        self._sequence.add_gate(sample.seq)
        self._first_gate_due = min(self._first_gate_due, sample.due)
        self._gate_calls += 1
        if not sample.ok:
            self._gate_errors += 1
        if sample.server or sample.ok:
            self._gate_servers.add(_kept(sample.server, self._gate_servers, MAX_SERVERS))

    def _add_errors(self, code: str, count: int) -> None:
        kept = _kept(code, self._errors, MAX_CODES)
        self._errors[kept] = self._errors.get(kept, 0) + count

    def _name(self, server: str) -> str:
        """The name under which a server is counted, which is known from now on."""
        kept = _kept(server, self._servers, MAX_SERVERS)
        self._servers.setdefault(kept, Histogram())
        return kept

    def _server(self, server: str) -> Histogram:
        return self._servers[self._name(server)]


def _kept(name: str, known: Collection[str], limit: int) -> str:
    """The name under which to count: a short and printable one, or "(other)" when there are too many."""
    if name in known:
        return name
    shown = _printable(name[:MAX_NAME])[:MAX_NAME] or UNNAMED
    return shown if shown in known or len(known) < limit else OTHER


def _printable(name: str) -> str:
    """Servers name themselves: control characters would reach the terminal, so they are spelled out."""
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
