"""Reports for tests, made as the commands make them: from samples, through the tally and the judge."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from lbdemo.measure import Expectation, Outcome, judge
from lbdemo.records import Costs, Drilled, Report, Result, Sample, Summary, Tally, Witness
from lbdemo.records.drills import Kill, Restart, RollingRestart, ScaleUp, Sick, Slow

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
    summary = made(tuple(counts.items()), errors, latency, spread_over)
    witness = tuple(Witness(server, calls, calls + contradicted_by, note) for server, calls in counts.items())
    verdict = judge(summary.counts, Expectation(outcome, servers=servers, fingerprint=fingerprint))
    said: dict[str, Any] = {"title": f"the calls go by {name}", "witness_name": "each server's own counter", **further}
    return Result(name, summary=summary, verdict=verdict, witness=witness, **said)


@cache  # a record that nobody changes, of thousands of calls, that many tests ask for
def made(counts: tuple[tuple[str, int], ...], errors: int, latency: float, spread_over: float) -> Summary:
    """What these calls leave."""
    tally = Tally()
    turns = sorted(((turn + 0.5) / calls, server) for server, calls in counts for turn in range(calls))
    plot = [(server, "OK") for _, server in turns] + [("", "UNAVAILABLE")] * errors
    for seq, (server, code) in enumerate(plot):
        due = spread_over * seq / len(plot)
        tally.add(Sample(seq, due, due, latency, server, code))
    return tally.summary()


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


def in_turns(name: str = "in-turns") -> Result:
    """Each server in turn has 210 calls, until all have had three turns."""
    tally = Tally()
    for seq in range(1890):
        tally.add(Sample(seq, seq / 500, seq / 500, 0.001, SERVERS[seq // 210 % 3], "OK"))
    summary = tally.summary()
    return Result(name, name, summary, judge(summary.counts, Expectation(servers=SERVERS)))


def looked_twice(name: str = "twice") -> Result:
    """Dice, thrown for two blocks."""
    dice, tally = random.Random(5), Tally()
    for seq in range(4000):
        tally.add(Sample(seq, seq / 500, seq / 500, 0.001, dice.choice(SERVERS), "OK"))
    summary = tally.summary()
    return Result(name, name, summary, judge(summary.counts, Expectation(servers=SERVERS, looks=2), look=2))


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
            "failing", EVEN, errors=40, extra={"trials": {"slow": {"p99_ms": 201.5, "even": None}}, "planned": 2100}
        ),
        result("silent", {}, errors=2100),
        skipped=(("ambient", "this Istio has no ztunnel"),),
    )


def restart(failed: int, attempts: int = 1200) -> Restart:
    return Restart(calls=1200, failed=failed, attempts=attempts, longest_gap_s=0.31, rollout_s=11.5)


def compared() -> dict[str, Any]:
    """What `compare` gives: costs and drills of several strategies, some unknown, some never, one not as promised."""
    clusterip = result("clusterip", PINNED, outcome=Outcome.PINNED, fingerprint="sticky")
    istio = result("istio", EVEN, fingerprint="round robin")
    xds = result("xds", EVEN, spread_over=4.2, fingerprint="round robin", extra={"planned_calls": 2131})
    return record(
        replace(
            clusterip,
            costs=Costs(setup_s=3.9),
            drills=(
                Drilled("scale-up", ScaleUp(4.1, None, None, 0), "a new pod never gets a call", as_expected=True),
                Drilled("slow", Slow(900, 1.0, 201.1, 202.5, 210.0, 0), "all calls are slow", as_expected=True),
                Drilled("sick", Sick(1.0, None), "all calls fail", as_expected=True),
            ),
        ),
        replace(
            istio,
            costs=Costs(21.64, 3, 164.5, None, 60.2, note="the proxies cannot be compared"),
            drills=(
                Drilled("scale-up", ScaleUp(4.1, 5.737, 5.74, 0), "new pods get calls", as_expected=True),
                Drilled(
                    "rolling-restart", RollingRestart(restart(41), restart(0, 1253)), "none is lost", as_expected=True
                ),
                Drilled("kill", Kill(1200, 9, 1.204, 0.91), "left alone soon", as_expected=True),
                Drilled("slow", Slow(900, 0.1234, 1.6, 2.5, None, 0), "even, so slow", as_expected=False),
                Drilled("sick", Sick(0.33, 0.004), "taken out", as_expected=True),
            ),
        ),
        replace(xds, costs=Costs(setup_s=3.4, proxies=None, proxy_memory_mb=None)),
        command="compare",
        skipped=(("ambient", "this Istio has no ztunnel"),),
    )
