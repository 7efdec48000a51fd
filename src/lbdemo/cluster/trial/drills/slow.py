"""One pod answers 200 ms later: does the spread react, and what does the tail say?"""

from __future__ import annotations

from lbdemo.cluster.trial.drills import figures
from lbdemo.cluster.trial.drills.base import Drilled, Scene
from lbdemo.cluster.trial.drills.faults import faulty
from lbdemo.records import Tally

DELAY_MS = 200
WATCH = 10.0  # seconds of load on the slow pod
SLOW = 0.15  # seconds: a p99 above this shows that the slow pod is still called
ROUND_ROBIN = "even, so the slow pod's share of the calls is slow: a bad p99"
LEAST_REQUEST = "the slow pod has more calls in flight and gets fewer new ones"
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
    share = next((server.share for server in summary.servers if server.server == victim), 0.0)
    p50, p99 = (summary.latency.p50, summary.latency.p99) if summary.latency else (0.0, 0.0)
    expected, holds = _promise(scene, share, p99)
    numbers = {"slow_pod_share": share, "p50_ms": p50 * 1000, "p99_ms": p99 * 1000, "failed": summary.failed}
    return Drilled("slow", numbers, expected, holds)


def _promise(scene: Scene, share: float, p99: float) -> tuple[str, bool]:
    strategy, fair = scene.setting.strategy, 1 / len(scene.setting.servers)
    if strategy.name == "clusterip":
        return PINNED, share > 0.99
    if strategy.fingerprint(scene.setting.lb_policy) == "random-like":
        return LEAST_REQUEST, share < 0.8 * fair
    return ROUND_ROBIN, abs(share / fair - 1) < 0.2 and p99 > SLOW
