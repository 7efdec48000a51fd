"""One pod answers 200 ms later: does the spread react, and what does the tail say?"""

from __future__ import annotations

from lbdemo.cluster.trial.drills import figures
from lbdemo.cluster.trial.drills.base import DrillRun
from lbdemo.cluster.trial.drills.faults import faulty
from lbdemo.records import Summary, Tally
from lbdemo.records.drills import Drilled, Slow

DELAY_MS = 200
WATCH = 10.0  # seconds of load on the slow pod


def drill(run: DrillRun) -> Drilled[Slow]:
    """Slows the pod that answers most."""
    with run.load(WATCH + 60) as load:
        load.wait(1.5)
        victim = figures.busiest(load.samples)
        run.say(f"{victim} answers {DELAY_MS} ms later")
        with faulty(run, victim, delay_ms=DELAY_MS):
            mark = load.now()
            load.wait(WATCH)
            until = load.now()
    tally = Tally()
    for sample in load.since(mark):
        if sample.sent <= until - 1:
            tally.add(sample)
    summary = tally.summary()
    slow, calls = part(summary, victim)
    times = summary.latency or summary.service  # a busy client sends late: then the time from when calls were sent
    found = Slow(
        calls=calls,
        slow_pod_share=slow / calls if calls else None,
        p50_ms=times.p50 * 1000 if times else None,
        p90_ms=times.p90 * 1000 if times else None,
        p99_ms=times.p99 * 1000 if times and times.p99 is not None else None,
        failed=summary.failed,
    )
    return run.judged("slow", found)


def part(summary: Summary, server: str) -> tuple[int, int]:
    """How many calls a server answered, and how many all did."""
    calls = {found.server: found.calls for found in summary.servers}
    return calls.get(server, 0), sum(calls.values())
