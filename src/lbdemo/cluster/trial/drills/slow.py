"""One pod answers 200 ms later: does the spread react, and what does the tail say?"""

from __future__ import annotations

from lbdemo.cluster.trial.drills import figures
from lbdemo.cluster.trial.drills.base import Drilled, Scene
from lbdemo.cluster.trial.drills.faults import faulty
from lbdemo.measure import simultaneous_z, wilson
from lbdemo.records import Summary, Tally

DELAY_MS = 200
WATCH = 10.0  # seconds of load on the slow pod
SLOW = 0.15  # seconds: a p99 above this shows that the slow pod is still called
ROUND_ROBIN = "even, so the slow pod's share of the calls is slow: a bad p99"
FEWER = 0.8  # of its fair share: less than that, beyond chance, is what least request promises for the slow pod
LEAST_REQUEST = "of two pods drawn at random the less busy one is called: fewer calls for the slow pod, but not none"
ALPHA = 0.001  # the error probability with which its share is said to be below that
PINNED = "all calls are as slow as the one pod that answers them"


def drill(scene: Scene) -> Drilled:
    """Slows the pod that answers most."""
    with scene.load(WATCH + 60) as load:
        load.wait(1.5)
        victim = figures.busiest(load.samples)
        scene.say(f"{victim} answers {DELAY_MS} ms later")
        with faulty(scene, victim, delay_ms=DELAY_MS):
            mark = load.now()
            load.wait(WATCH)
            until = load.now()
    tally = Tally()
    for sample in load.since(mark):
        if sample.sent <= until - 1:
            tally.add(sample)
    summary = tally.summary()
    slow, calls = part(summary, victim)
    latency = summary.latency
    expected, holds = _promise(scene, slow, calls, latency.p99 if latency else 0.0)
    numbers = {
        "slow_pod_share": slow / calls if calls else None,
        "p50_ms": latency.p50 * 1000 if latency else None,
        "p90_ms": latency.p90 * 1000 if latency else None,
        "p99_ms": latency.p99 * 1000 if latency else None,
        "failed": summary.failed,
    }
    return Drilled("slow", numbers, expected, holds)


def part(summary: Summary, server: str) -> tuple[int, int]:
    """How many calls a server answered, and how many all did."""
    calls = {found.server: found.calls for found in summary.servers}
    return calls.get(server, 0), sum(calls.values())


def _promise(scene: Scene, slow: int, calls: int, p99: float) -> tuple[str, bool]:
    strategy, fair = scene.setting.strategy, 1 / len(scene.setting.servers)
    share = slow / calls if calls else 0.0
    if strategy.name == "clusterip":
        return PINNED, share > 0.99
    if strategy.fingerprint(scene.setting.lb_policy) == "random-like":
        _, most = wilson(slow, calls, simultaneous_z(ALPHA, 1))
        return LEAST_REQUEST, most < FEWER * fair
    return ROUND_ROBIN, abs(share / fair - 1) < 1 - FEWER and p99 > SLOW
