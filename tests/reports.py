"""Reports for tests, made as the commands make them: from samples, through the tally and the judge."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from lbdemo.measure import Expectation, Outcome, judge
from lbdemo.records import Report, Result, Sample, Tally, Witness

SERVERS = ("echo-1", "echo-2", "echo-3")
EVEN = dict.fromkeys(SERVERS, 700)
PINNED = {"echo-2": 2100}


def result(
    name: str = "envoy",
    counts: Mapping[str, int] = EVEN,
    *,
    outcome: Outcome = Outcome.BALANCED,
    fingerprint: str = "",
    servers: tuple[str, ...] = SERVERS,
    errors: int = 0,
    contradicted_by: int = 0,
    note: str = "",
    latency: float = 0.0012,
    spread_over: float = 0.0,
    **further: Any,
) -> Result:
    """Calls of the servers as told, in turns; due evenly over so many seconds."""
    tally = Tally()
    turns = [
        server
        for _, server in sorted(
            ((turn + 0.5) / calls, server) for server, calls in counts.items() for turn in range(calls)
        )
    ]
    plot = [(server, "OK") for server in turns] + [("", "UNAVAILABLE")] * errors
    for seq, (server, code) in enumerate(plot):
        due = spread_over * seq / len(plot)
        tally.add(Sample(seq, due, due, latency, server, code))
    summary = tally.summary()
    witness = tuple(Witness(server, calls, calls + contradicted_by, note) for server, calls in counts.items())
    verdict = judge(summary.counts, Expectation(outcome, servers=servers, fingerprint=fingerprint))
    said: dict[str, Any] = {"title": f"the calls go by {name}", "witness_name": "each server's own counter", **further}
    return Result(name, summary=summary, verdict=verdict, witness=witness, **said)


def stalled(name: str = "stalled", deadline: float = 0.5) -> Result:
    """Five seconds of 200 calls each; in the one from 3 s on all wait for its end, or until the deadline ended them."""
    dice, tally = random.Random(3), Tally()
    for seq in range(1000):
        due, server = seq / 200, SERVERS[seq % 3]
        waited = 4.0 - due if 3 <= due < 4 else 0.0
        latency = waited + 0.001 * dice.lognormvariate(0.2, 0.4)
        lost = latency > deadline
        code = "DEADLINE_EXCEEDED" if lost else "OK"
        tally.add(Sample(seq, due, due, min(latency, deadline), "" if lost else server, code))
    summary = tally.summary()
    verdict = judge(summary.counts, Expectation(Outcome.BALANCED, servers=SERVERS, max_error_ratio=0.2))
    return Result(name, f"the calls go by {name}", summary, verdict)


def late(name: str = "late") -> Result:
    """A client that sends each call 50 ms late: of its latencies nothing can be said, of its servers all."""
    tally = Tally()
    for seq in range(1800):
        due = seq / 100
        tally.add(Sample(seq, due, due + 0.05, 0.052, SERVERS[seq % 3], "OK"))
    summary = tally.summary()
    return Result(name, name, summary, judge(summary.counts, Expectation(servers=SERVERS)))


def report(*results: Result, **further: Any) -> Report:
    said: dict[str, Any] = {
        "command": "demo",
        "version": "1.2.3",
        "started": "2026-01-02T03:04:05+00:00",
        "environment": {"envoy": "1.39.3", "cores": "2"},
        **further,
    }
    return Report(results=results, **said)


def record(*results: Result, **further: Any) -> dict[str, Any]:
    return report(*results, **further).to_dict()


def whole() -> dict[str, Any]:
    """One of everything: as expected, not as expected, contradicted, failing, nothing answered, skipped."""
    return record(
        result("tcp-proxy", PINNED, outcome=Outcome.PINNED, fingerprint="sticky"),
        result("envoy", EVEN, fingerprint="round robin", notes=("Even is not the same as good.",)),
        result("off", {"echo-1": 1900, "echo-2": 100, "echo-3": 100}),
        result("contradicted", EVEN, contradicted_by=3),
        result(
            "failing", EVEN, errors=40, extra={"drills": {"slow": {"p99_ms": 201.5, "even": None}}, "planned": 2100}
        ),
        result("silent", {}, errors=2100),
        skipped=(("ambient", "this Istio has no ztunnel"),),
    )


def drilled(expected: str, as_expected: bool = True, **shown: float | None) -> dict[str, Any]:
    return {"figures": shown, "expected": expected, "as_expected": as_expected}


def compared() -> dict[str, Any]:
    """What `compare` gives: costs and drills of several strategies, some unknown, some never, one not as promised."""
    return record(
        result(
            "clusterip",
            PINNED,
            outcome=Outcome.PINNED,
            fingerprint="sticky",
            extra={
                "setup_s": 3.9,
                "proxy_memory_mb": 0.0,
                "proxy_cpu_ms_per_1000_calls": 0.0,
                "drills": {
                    "scale-up": drilled("a new pod never gets a call", first_call_s=None, even_again_s=None),
                    "slow": drilled("all calls are slow", slow_pod_share=1.0, p50_ms=201.1, p90_ms=202.5, p99_ms=210.0),
                },
            },
        ),
        result(
            "istio",
            EVEN,
            fingerprint="round robin",
            extra={
                "setup_s": 21.64,
                "proxy_memory_mb": 164.5,
                "proxy_cpu_ms_per_1000_calls": None,
                "control_plane_memory_mb": 60.2,
                "drills": {
                    "scale-up": drilled("new pods get calls", first_call_s=5.737, even_again_s=5.74),
                    "slow": drilled("even, so slow", False, slow_pod_share=0.1234, p50_ms=1.6, p90_ms=2.5, p99_ms=None),
                },
            },
        ),
        result("xds", EVEN, spread_over=4.2, fingerprint="round robin", extra={"setup_s": 3.4, "planned_calls": 2131}),
        command="compare",
        skipped=(("ambient", "this Istio has no ztunnel"),),
    )
