"""All pods replaced one after another under load: how many RPCs fail, how long is nobody there?"""

from __future__ import annotations

from lbdemo.cluster.kernel import labels
from lbdemo.cluster.trial.drills import figures
from lbdemo.cluster.trial.drills.base import RATE, Drilled, Scene
from lbdemo.tools.objects import Objects

LIMIT = 120.0  # seconds a rollout may take
AFTERWARDS = 2.0  # seconds of load after the last old pod is gone
EXPECTED = "no RPC fails: servers say NOT_SERVING, serve on, ask their clients to leave, then end"


def drill(scene: Scene) -> Drilled:
    """`kubectl rollout restart` under load, until the last of the old pods is gone."""
    with scene.load(LIMIT + 60) as load:
        old = {pod.name for pod in scene.servers()}
        load.wait(1.0)
        scene.say("rollout restart")
        mark = load.now()
        scene.kubectl.restart(labels.SERVER, scene.place.namespace)
        load.wait_until(lambda: _over(scene, old), LIMIT, "the rollout's end")
        seconds = load.now() - mark
        load.wait(AFTERWARDS)
    calls = load.since(mark)
    lost = figures.failed(calls)
    return Drilled(
        "rolling-restart",
        {"calls": len(calls), "failed": lost, "longest_gap_s": figures.longest_gap(calls), "rollout_s": seconds},
        f"{EXPECTED} ({RATE:.0f} RPC/s)",
        lost == 0,
    )


def _over(scene: Scene, old: set[str]) -> bool:
    seen: Objects = scene.kubectl.get("deployments,pods", namespace=scene.place.namespace, selector=labels.SELECTOR)
    rolled = all(d.complete for d in seen.deployments if d.meta.name == labels.SERVER)
    return rolled and not any(pod.name in old for pod in seen.pods)
