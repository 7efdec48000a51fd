"""All pods replaced one after another under load: how many RPCs fail, how long is nobody there?"""

from __future__ import annotations

from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.objects import Objects, fetch
from lbdemo.cluster.trial.drills import figures
from lbdemo.cluster.trial.drills.base import RATE, Drilled, DrillRun

LIMIT = 120.0  # seconds a rollout may take
AFTERWARDS = 2.0  # seconds of load after the last old pod is gone


def drill(run: DrillRun) -> Drilled:
    """`kubectl rollout restart` under load, until the last of the old pods is gone."""
    with run.load(LIMIT + 60) as load:
        old = {pod.name for pod in run.servers()}
        load.wait(1.0)
        run.say("rollout restart")
        mark = load.now()
        run.kubectl.restart(labels.SERVER, run.place.namespace)
        load.wait_until(lambda: _over(run, old), LIMIT, "the rollout's end")
        seconds = load.now() - mark
        load.wait(AFTERWARDS)
    calls = load.since(mark)
    return run.judged(
        "rolling-restart",
        {"calls": len(calls), "failed": figures.failed(calls), "longest_gap_s": figures.longest_gap(calls),
         "rollout_s": seconds},
        f" ({RATE:.0f} RPC/s)",
    )  # fmt: skip


def _over(run: DrillRun, old: set[str]) -> bool:
    seen: Objects = fetch(run.kubectl, "deployments,pods", namespace=run.place.namespace, selector=labels.SELECTOR)
    rolled = all(d.complete for d in seen.deployments if d.meta.name == labels.SERVER)
    return rolled and not any(pod.name in old for pod in seen.pods)
