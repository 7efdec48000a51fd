"""Adds samples up in constant memory, however long the run and whoever sends."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from lbdemo.measure.histogram import Histogram, check_duration
from lbdemo.measure.names import LATE, OTHER, UNNAMED
from lbdemo.records.sample import OK, Sample
from lbdemo.records.summary import Quantiles, ServerCalls, Summary

if TYPE_CHECKING:
    from collections.abc import Collection

MAX_SERVERS = 1000
MAX_CODES = 32  # gRPC has 17
MAX_NAME = 253  # the longest name that Kubernetes gives a pod


class Tally:
    """Samples go in one by one, a `Summary` comes out. The one mutable record of a measurement.

    Memory is bounded: of endless names the first 1000 servers and 32 codes are kept, the rest is counted
    under "(other)". An answer without a name counts for "(unnamed)". Names are made fit for a terminal.
    """

    __slots__ = (
        "_answered",
        "_errors",
        "_first_due",
        "_gate_calls",
        "_gate_errors",
        "_gate_servers",
        "_last_answer",
        "_late",
        "_max_lag",
        "_sent",
        "_servers",
        "_unknown_lines",
    )

    def __init__(self) -> None:
        self._sent = 0
        self._answered = 0
        self._errors: dict[str, int] = {}
        self._servers: dict[str, Histogram] = {}
        self._first_due = inf
        self._last_answer = -inf
        self._late = 0
        self._max_lag = 0.0
        self._gate_calls = 0
        self._gate_errors = 0
        self._gate_servers: set[str] = set()
        self._unknown_lines = 0

    @property
    def empty(self) -> bool:
        """Whether no call was counted, neither in the gate nor in the block."""
        return not self._sent and not self._gate_calls

    @property
    def unknown_lines(self) -> int:
        """Lines that could not be read as samples."""
        return self._unknown_lines

    def count_unknown(self, lines: int = 1) -> None:
        """Counts lines that could not be read as samples."""
        self._unknown_lines += lines

    def add(self, sample: Sample) -> None:
        """Counts one call. Raises ValueError, and counts nothing, when its latency is no duration."""
        if sample.gate:
            self._add_gate(sample)
            return
        due, latency, code, server = sample.due, sample.latency, sample.code, sample.server
        histogram = self._servers.get(server)
        if histogram is not None:
            histogram.add(latency)
        else:
            check_duration(latency)  # before anything is counted
            if server or code == OK:
                self._histogram(server).add(latency)
        self._sent += 1
        if code == OK:
            self._answered += 1
        else:
            self._add_errors(code, 1)
        if due < self._first_due:
            self._first_due = due
        if due + latency > self._last_answer:
            self._last_answer = due + latency
        lag = sample.sent - due
        if lag > self._max_lag:
            self._max_lag = lag
        if lag > LATE:
            self._late += 1

    def merge(self, other: Tally) -> None:
        """Takes over all that the other has counted; the other stays as it is.

        The result does not depend on the order of merging, as long as there are no more names than are kept.
        """
        self._sent += other._sent
        self._answered += other._answered
        self._first_due = min(self._first_due, other._first_due)
        self._last_answer = max(self._last_answer, other._last_answer)
        self._late += other._late
        self._max_lag = max(self._max_lag, other._max_lag)
        self._gate_calls += other._gate_calls
        self._gate_errors += other._gate_errors
        self._unknown_lines += other._unknown_lines
        for server in list(other._gate_servers):
            self._gate_servers.add(_kept(server, self._gate_servers, MAX_SERVERS))
        for code, count in list(other._errors.items()):
            self._add_errors(code, count)
        for server, histogram in list(other._servers.items()):
            self._histogram(server).merge(histogram)

    def summary(self) -> Summary:
        """What was counted so far."""
        everything = Histogram()
        for histogram in self._servers.values():
            everything.merge(histogram)
        seconds = max(0.0, self._last_answer - self._first_due) if self._sent else 0.0
        return Summary(
            sent=self._sent,
            answered=self._answered,
            errors=tuple(sorted(self._errors.items())),
            servers=tuple(
                ServerCalls(server, histogram.count, histogram.count / everything.count, _quantiles(histogram))
                for server, histogram in sorted(self._servers.items())
            ),
            latency=_quantiles(everything) if everything.count else None,
            seconds=seconds,
            calls_per_second=self._sent / seconds if seconds else 0.0,
            gate_calls=self._gate_calls,
            gate_servers=tuple(sorted(self._gate_servers)),
            late=self._late,
            max_lag=self._max_lag,
            unknown_lines=self._unknown_lines,
            gate_errors=self._gate_errors,
        )

    def _add_gate(self, sample: Sample) -> None:
        check_duration(sample.latency)
        self._gate_calls += 1
        if not sample.ok:
            self._gate_errors += 1
        if sample.server or sample.ok:
            self._gate_servers.add(_kept(sample.server, self._gate_servers, MAX_SERVERS))

    def _add_errors(self, code: str, count: int) -> None:
        kept = _kept(code, self._errors, MAX_CODES)
        self._errors[kept] = self._errors.get(kept, 0) + count

    def _histogram(self, server: str) -> Histogram:
        kept = _kept(server, self._servers, MAX_SERVERS)
        return self._servers.setdefault(kept, Histogram())


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


def _quantiles(histogram: Histogram) -> Quantiles:
    return Quantiles(
        p50=histogram.quantile(0.5),
        p90=histogram.quantile(0.9),
        p99=histogram.quantile(0.99),
        max=histogram.max,
    )
