"""One pod answers UNAVAILABLE: how many calls fail, without and with outlier detection?"""

from __future__ import annotations

from lbdemo.cluster.trial.drills import figures
from lbdemo.cluster.trial.drills.base import Drilled, Scene
from lbdemo.cluster.trial.drills.faults import faulty

SETTLE = 3.0  # seconds that outlier detection gets to notice
DETECTED = 0.05  # share of calls that may still fail: an ejected pod is let in again now and then
WATCH = 6.0  # seconds of load that are counted
DETECTS = frozenset({"istio", "envoy"})
EXPECTED = {
    "clusterip": "the pod that answers all is sick: all calls fail",
    "headless": "one pod's share of the calls fails; gRPC goes on calling a pod whose connection is fine",
    "envoy": "one pod's share of the calls fails; outlier detection takes it out",
    "istio": "Istio retries UNAVAILABLE on another pod by default: few fail; outlier detection takes it out",
    "xds": "Istio's default retries come by xDS, too: no more than one pod's share fails",
}


def drill(scene: Scene) -> Drilled:
    """Makes the pod that answers most sick: first as installed, then with outlier detection where there is one."""
    name = scene.setting.strategy.name
    without = _share(scene)
    numbers: dict[str, float | int | None] = {"error_share": without}
    detected = None
    if name in DETECTS:
        scene.say("switching outlier detection on")
        scene.set_outlier(True)
        try:
            detected = _share(scene)
        finally:
            scene.set_outlier(False)
        numbers["error_share_with_outlier_detection"] = detected
    return Drilled("sick", numbers, EXPECTED[name], _as_expected(scene, without, detected))


def _share(scene: Scene) -> float:
    """The part of the calls that fails while one pod is sick."""
    with scene.load(SETTLE + WATCH + 60) as load:
        load.wait(1.5)
        victim = figures.busiest(load.samples)
        scene.say(f"{victim} answers UNAVAILABLE")
        with faulty(scene, victim, unavailable=1.0):
            load.wait(SETTLE)
            mark = load.now()
            load.wait(WATCH)
            until = load.now()
    calls = [sample for sample in load.since(mark) if sample.sent <= until]
    return figures.failed(calls) / len(calls) if calls else 0.0


def _as_expected(scene: Scene, without: float, detected: float | None) -> bool:
    fair = 1 / len(scene.setting.servers)
    if scene.setting.strategy.name == "clusterip":
        return without > 0.9
    if detected is not None and detected > max(DETECTED, without / 2):
        return False
    if scene.setting.strategy.name in {"headless", "envoy"}:
        return abs(without / fair - 1) < 0.3
    return without <= fair * 1.3
