"""2 -> 4 pods under load: when does a new pod get its first call, and when is the spread even again?"""

from __future__ import annotations

from collections.abc import Sequence

from lbdemo.cluster.trial.drills import figures
from lbdemo.cluster.trial.drills.base import Drilled, Scene
from lbdemo.records import Sample

FROM, TO = 2, 4
READY = 60.0  # seconds the new pods may take to become ready
LIMIT = 30.0  # seconds from there on after which a pod that got no call never will, as far as we look
SOON = 15.0  # seconds in which a strategy that learns of pods by itself should have found them

SLACK = 5.0  # seconds for what follows when a connection has reached its age: a look at DNS, a new connection

# What each strategy's own documentation promises.
EXPECTED = {
    "clusterip": "never: the connection stays where it is",
    "headless": "found when a connection reaches its maximum age",
    "envoy": f"found by the next DNS refresh, within {SOON:.0f} s",
    "istio": f"pushed by istiod, within {SOON:.0f} s",
    "xds": f"pushed by istiod, within {SOON:.0f} s",
}
NEVER = "never: connections stay where they are, and none reaches a maximum age"
LATE = 1.1  # gRPC varies a connection's age by 10 %


def drill(scene: Scene) -> Drilled:
    """Scales down first, lets it settle, then scales up and watches; leaves the original number of pods."""
    original = len(scene.setting.servers)
    try:
        return _measure(scene)
    finally:
        scene.scale(original)


def _measure(scene: Scene) -> Drilled:
    scene.scale(FROM)
    scene.settle(FROM, READY)
    limit = max(LIMIT, 2 * scene.connection_age)
    with scene.load(READY + 2 * limit + 60) as load:
        old = {pod.name for pod in scene.servers()}
        load.wait(1.5)
        scene.say(f"{FROM} -> {TO} pods")
        mark = load.now()
        scene.scale(TO)
        load.wait_until(lambda: len(scene.servers()) == TO, READY, f"{TO} pods")
        names = {pod.name for pod in scene.servers()}
        new, ready = names - old, load.now()
        scene.say("waiting for the new pods' first call")
        if load.wait_until(lambda: figures.first_answer(load.since(mark), new, mark) is not None, limit):
            scene.say("waiting for an even spread")
            load.wait_until(lambda: _even(load.since(mark), names, new, mark) is not None, limit)
    calls = load.since(mark)
    first, even = figures.first_answer(calls, new, mark), _even(calls, names, new, mark)
    return Drilled(
        "scale-up",
        {"pods_ready_s": ready - mark, "first_call_s": first, "even_again_s": even, "failed": figures.failed(calls)},
        _expected(scene),
        _as_expected(scene, first, even, ready - mark),
    )


def _even(calls: Sequence[Sample], names: set[str], new: set[str], mark: float) -> float | None:
    """Even again can only be what new pods take part in."""
    first = figures.first_answer(calls, new, mark)
    if first is None:
        return None
    return figures.even_again([sample for sample in calls if sample.sent >= mark + first], names, mark)


def _never(scene: Scene) -> bool:
    """Whether nothing makes the client look for new pods: its connections are its own, and live for ever."""
    return scene.setting.strategy.name in {"clusterip", "headless"} and not scene.connection_age


def _expected(scene: Scene) -> str:
    return NEVER if _never(scene) else EXPECTED[scene.setting.strategy.name]


def _as_expected(scene: Scene, first: float | None, even: float | None, ready: float) -> bool:
    if _never(scene):
        return first is None
    return first is not None and even is not None and first <= ready + max(SOON, LATE * scene.connection_age + SLACK)
