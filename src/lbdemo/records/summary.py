"""What a run came to: the one record from which terminal, JSON, JUnit and HTML are made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Latencies in seconds, counted from when the calls were due; `max` is exact, the others within 1 %."""

    p50: float
    p90: float
    p99: float
    max: float

    def to_dict(self) -> dict[str, float]:
        """The four in milliseconds, ready for JSON."""
        return {
            "p50": _ms(self.p50),
            "p90": _ms(self.p90),
            "p99": _ms(self.p99),
            "max": _ms(self.max),
        }


@dataclass(frozen=True, slots=True)
class ServerCalls:
    """One server's part: the calls that it answered, well or with an error, and how fast.

    `share` (0 to 1) is its part of all calls that any server answered.
    """

    server: str
    calls: int
    share: float
    latency: Quantiles

    def to_dict(self) -> dict[str, object]:
        """The record ready for JSON."""
        return {
            "server": self.server,
            "calls": self.calls,
            "share": round(self.share, 6),
            "latency_ms": self.latency.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """A block of calls, summed up. Calls of the gate are counted apart, in the fields that say so.

    `sent` is `answered` (answered well) plus all `errors` (gRPC status name and count, sorted by name).
    `servers` (sorted by name) and `latency` tell of every call that a server answered, also of those that it
    answered with an error; `latency` is None when there was none. `seconds` is the time from the first due
    call to the last answer, `calls_per_second` is `sent` over that time. `late` calls were sent more than
    10 ms after they were due, `max_lag` (seconds) after at most that: the client could not keep its own
    schedule. `unknown_lines` could not be read as samples.
    """

    sent: int
    answered: int
    errors: tuple[tuple[str, int], ...]
    servers: tuple[ServerCalls, ...]
    latency: Quantiles | None
    seconds: float
    calls_per_second: float
    gate_calls: int = 0
    gate_servers: tuple[str, ...] = ()
    late: int = 0
    max_lag: float = 0.0
    unknown_lines: int = 0
    gate_errors: int = 0

    @property
    def failed(self) -> int:
        """The calls that ended with an error."""
        return sum(count for _, count in self.errors)

    @property
    def slowest(self) -> ServerCalls | None:
        """The server with the worst tail (p99, then p50); None when no server answered."""
        return max(self.servers, key=lambda server: (server.latency.p99, server.latency.p50), default=None)

    def to_dict(self) -> dict[str, object]:
        """The summary ready for JSON: stable keys, units in their names."""
        return {
            "sent": self.sent,
            "answered": self.answered,
            "failed": self.failed,
            "errors": dict(self.errors),
            "servers": [server.to_dict() for server in self.servers],
            "latency_ms": self.latency.to_dict() if self.latency else None,
            "slowest_server": self.slowest.server if self.slowest else None,
            "seconds": round(self.seconds, 6),
            "calls_per_second": round(self.calls_per_second, 3),
            "gate_calls": self.gate_calls,
            "gate_errors": self.gate_errors,
            "gate_servers": list(self.gate_servers),
            "late_calls": self.late,
            "max_lag_ms": _ms(self.max_lag),
            "unknown_lines": self.unknown_lines,
        }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 4)
