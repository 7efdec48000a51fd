"""What a run came to: the one record from which terminal, JSON, JUnit and HTML are made."""

from __future__ import annotations

from dataclasses import dataclass

from lbdemo.measure.counts import Counts
from lbdemo.measure.histogram import GROWTH, LOWEST
from lbdemo.measure.order import Order
from lbdemo.measure.reason import Reason
from lbdemo.records.quantiles import Quantiles, milliseconds
from lbdemo.records.timeline import Moment

LATE = 0.001
"""Seconds after which a call counts as sent late: more than the timer of a client that has the time explains."""

LATE_SHARE = 0.01
"""With a larger share of late calls a run has no latency: it would be that of the client's own queue."""

MOST_SERVERS_DRAWN = 100
"""With more servers the batches are judged, but not put on record."""

Buckets = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class ServerCalls:
    """One server's part: the calls that it answered, well or with an error, and how fast.

    `share` (0 to 1) is its part of all calls that any server answered. `service` counts from when the calls were sent:
    how long the client made a call wait is not the server's time. Where calls were streams, `answers` is what it
    answered on all of them, and `service` the time until the first answer; otherwise `answers` is None.
    """

    server: str
    calls: int
    share: float
    service: Quantiles | None
    answers: int | None = None

    def to_dict(self) -> dict[str, object]:
        """The record ready for JSON."""
        return {
            "server": self.server,
            "calls": self.calls,
            "share": round(self.share, 6),
            "service_ms": _told(self.service),
            "stream_answers": self.answers,
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """A block of calls, summed up. Calls of the gate are counted apart, in the fields that say so.

    `sent` is `answered` (answered well) plus all `errors` (gRPC status name and count, sorted by name).
    `servers` (sorted by name) has every call that a server answered, also those that it answered with an error.
    `latency` is what a user sees: of every call, answered or not, from when it was due; a call that its deadline ended
    counts with the time until then, which is a lower bound. `answered_latency` leaves out what was not answered well.
    Both are None when the client was late with more than 1 % of the calls (`latency_missing` says why). `service`, of
    every call that a server answered, counts from when they were sent, and is there all the same. `lag` is how
    long after their due times the calls were sent; `late` were by more than 1 ms, `max_lag` (seconds) is the longest.
    `seconds` is the time from the first due call to the last answer, `calls_per_second` is `sent` over that time, None
    for fewer than two calls. `attempts` counts those that gRPC made for the calls, `retried` the calls that took more
    than one. Of the sequence numbers at least `missing` were not there, and `repeated` more than once.
    `settling` is the time in seconds from the first call of the gate to the first of the block, None without a gate.
    `unknown_lines` could not be read as samples. `buckets` and `deadline_buckets` are the histograms of all calls, and
    of those that their deadline ended.
    """

    sent: int
    answered: int
    errors: tuple[tuple[str, int], ...]
    servers: tuple[ServerCalls, ...]
    latency: Quantiles | None
    seconds: float
    calls_per_second: float | None
    gate_calls: int = 0
    gate_servers: tuple[str, ...] = ()
    late: int = 0
    max_lag: float = 0.0
    unknown_lines: int = 0
    gate_errors: int = 0
    answered_latency: Quantiles | None = None
    service: Quantiles | None = None
    lag: Quantiles | None = None
    attempts: int = 0
    retried: int = 0
    missing: int = 0
    repeated: int = 0
    order: Order | None = None
    settling: float | None = None
    buckets: Buckets = ()
    deadline_buckets: Buckets = ()
    timeline: tuple[Moment, ...] = ()
    timeline_cell: float = 1.0

    @property
    def stream_answers(self) -> int | None:
        """What was answered on streams; None when no call was one."""
        known = [server.answers for server in self.servers if server.answers is not None]
        return sum(known) if known else None

    @property
    def failed(self) -> int:
        """The calls that ended with an error."""
        return sum(count for _, count in self.errors)

    @property
    def latency_missing(self) -> str:
        """Why there is no latency: "no_calls", or "late" for a client that could not keep its schedule; else ""."""
        if not self.sent:
            return "no_calls"
        return "late" if self.late > LATE_SHARE * self.sent else ""

    @property
    def slowest(self) -> ServerCalls | None:
        """The server whose service time is apart from all others' at p99, p90 or p50; None when there is none."""
        return next(filter(None, (_apart(self.servers, name) for name in ("p99", "p90", "p50"))), None)

    @property
    def counts(self) -> Counts:
        """The block as the judge wants it."""
        return Counts(
            sent=self.sent,
            answered=self.answered,
            errors=self.errors,
            servers=tuple((server.server, server.calls) for server in self.servers),
            gate_servers=self.gate_servers,
            order=None if self.repeated else self.order,
            slower=_slower(self.servers),
            doubts=self.doubts,
        )

    @property
    def doubts(self) -> tuple[Reason, ...]:
        """What the record says against itself."""
        late = {"calls": self.late, "limit_s": LATE, "longest_s": self.max_lag}
        found = (
            (self.latency_missing == "late", Reason("client_late", late)),
            (self.gate_errors, Reason("gate_errors", {"calls": self.gate_errors})),
            (self.unknown_lines, Reason("unknown_lines", {"lines": self.unknown_lines})),
            (self.repeated, Reason("repeated_calls", {"calls": self.repeated})),
            (self.missing, Reason("missing_calls", {"calls": self.missing})),
        )
        return tuple(reason for doubtful, reason in found if doubtful)

    def to_dict(self) -> dict[str, object]:
        """The summary ready for JSON: stable keys, units in their names, null for what is not known."""
        return {
            "sent": self.sent,
            "answered": self.answered,
            "failed": self.failed,
            "errors": dict(self.errors),
            "attempts": self.attempts,
            "retried_calls": self.retried,
            "servers": [server.to_dict() for server in self.servers],
            "latency_ms": _told(self.latency),
            "latency_missing": self.latency_missing or None,
            "answered_latency_ms": _told(self.answered_latency),
            "service_ms": _told(self.service),
            "lag_ms": _told(self.lag),
            "slowest_server": self.slowest.server if self.slowest else None,
            "seconds": round(self.seconds, 6),
            "calls_per_second": None if self.calls_per_second is None else round(self.calls_per_second, 3),
            "settling_s": None if self.settling is None else round(self.settling, 3),
            "gate_calls": self.gate_calls,
            "gate_errors": self.gate_errors,
            "gate_servers": list(self.gate_servers),
            "late_calls": self.late,
            "max_lag_ms": milliseconds(self.max_lag),
            "missing_calls": self.missing,
            "repeated_calls": self.repeated,
            "unknown_lines": self.unknown_lines,
            "histogram": {
                "lowest_ms": LOWEST * 1000,
                "growth": GROWTH,
                "buckets": [list(bucket) for bucket in self.buckets],
                "deadline": [list(bucket) for bucket in self.deadline_buckets],
            },
            "timeline": {
                "seconds_per_cell": self.timeline_cell,
                "cells": [moment.to_dict() for moment in self.timeline],
            },
            "batches": _batches(self.order),
        }


def _told(quantiles: Quantiles | None) -> dict[str, object] | None:
    return None if quantiles is None else quantiles.to_dict()


def _batches(order: Order | None) -> dict[str, object] | None:
    if order is None or not 0 < len(order.servers) <= MOST_SERVERS_DRAWN:
        return None
    return {"servers": list(order.servers), "counts": [list(batch) for batch in order.batches]}


def _apart(servers: tuple[ServerCalls, ...], name: str) -> ServerCalls | None:
    """The server whose interval of this quantile lies above those of all others."""
    known = [(server, server.service.interval(name)) for server in servers if server.service]
    bounded = [(server, interval) for server, interval in known if interval is not None]
    if len(bounded) < max(2, len(servers)):
        return None
    slowest, (low, _) = max(bounded, key=lambda item: item[1][0])
    others = [interval[1] for server, interval in bounded if server is not slowest]
    return slowest if all(high is not None and high < low for high in others) else None


def _slower(servers: tuple[ServerCalls, ...]) -> tuple[tuple[str, str], ...]:
    """The pairs of which the first's median service time is provably longer than the second's."""
    known = [(s.server, s.service.p50_interval) for s in servers if s.service and s.service.p50_interval]
    return tuple(
        (slow, fast) for slow, (low, _) in known for fast, (_, high) in known if high is not None and high < low
    )
