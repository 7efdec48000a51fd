"""All pods replaced one after another under load: how many RPCs fail, without and with gRPC's own retries?"""

from __future__ import annotations

from collections.abc import Sequence

from lbdemo.cluster.kernel import labels
from lbdemo.cluster.trial.drills import figures
from lbdemo.cluster.trial.drills.base import RATE, Drilled, DrillRun
from lbdemo.kube.answers import need
from lbdemo.kube.kinds import DEPLOYMENTS, PODS
from lbdemo.records import Sample

LIMIT = 120.0  # seconds a rollout may take
AFTERWARDS = 2.0  # seconds of load after the last old pod is gone
CONNECTIONS = 100
PATIENCE = 5.0  # seconds, the deadline of a call: gRPC's five attempts alone take up to two


def drill(run: DrillRun) -> Drilled:
    """`kubectl rollout restart` under load, until the last old pod is gone: twice, the second time with retries.

    A retry is never hidden: `attempts` are those that gRPC made for the calls of the second time.
    """
    plain, seconds = _restart(run, retry=False)
    retried, _ = _restart(run, retry=True)
    return run.judged(
        "rolling-restart",
        {"calls": len(plain), "failed": figures.failed(plain), "longest_gap_s": figures.longest_gap(plain),
         "rollout_s": seconds, "calls_with_retries": len(retried), "failed_with_retries": figures.failed(retried),
         "attempts_with_retries": sum(sample.attempts for sample in retried)},
        f" ({RATE:.0f} RPC/s through {CONNECTIONS} connections)",
    )  # fmt: skip


def _restart(run: DrillRun, *, retry: bool) -> tuple[Sequence[Sample], float]:
    """The calls of one rolling restart, and the seconds that it took."""
    with run.load(LIMIT + 60, connections=CONNECTIONS, retry=retry, timeout=PATIENCE) as load:
        old = {pod.name for pod in run.servers()}
        load.wait(1.0)
        run.say(f"rollout restart, {'with' if retry else 'without'} retries")
        mark = load.now()
        run.kubectl.restart(labels.SERVER, run.place.namespace)
        load.wait_until(lambda: _over(run, old), LIMIT, "the rollout's end")
        seconds = load.now() - mark
        load.wait(AFTERWARDS)
    return load.since(mark), seconds


def _over(run: DrillRun, old: set[str]) -> bool:
    servers = need(run.api.get(DEPLOYMENTS, labels.SERVER, run.place.namespace))
    if servers is not None and not servers.complete:
        return False
    pods = need(run.api.list(PODS, run.place.namespace, selector=labels.SELECTOR))
    return not any(pod.name in old for pod in pods)
