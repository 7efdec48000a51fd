"""All pods replaced one after another under load: how many RPCs fail, without and with gRPC's own retries?"""

from __future__ import annotations

from lbdemo.cluster.kernel import labels
from lbdemo.cluster.trial.drills import figures
from lbdemo.cluster.trial.drills.base import RATE, DrillRun
from lbdemo.kube.answers import need
from lbdemo.kube.kinds import DEPLOYMENTS, PODS
from lbdemo.records.drills import Drilled, Restart, RollingRestart

LIMIT = 120.0  # seconds a rollout may take
AFTERWARDS = 2.0  # seconds of load after the last old pod is gone
CONNECTIONS = 100
PATIENCE = 5.0  # seconds, the deadline of a call: gRPC's five attempts alone take up to two


def drill(run: DrillRun) -> Drilled[RollingRestart]:
    """`kubectl rollout restart` under load, until the last old pod is gone: twice, the second time with retries.

    A retry is never hidden: the attempts that gRPC made are counted beside the calls.
    """
    found = RollingRestart(without_retries=_restart(run, retry=False), with_retries=_restart(run, retry=True))
    return run.judged("rolling-restart", found, f" ({RATE:.0f} RPC/s through {CONNECTIONS} connections)")


def _restart(run: DrillRun, *, retry: bool) -> Restart:
    """One rolling restart under load."""
    with run.load(LIMIT + 60, connections=CONNECTIONS, retry=retry, timeout=PATIENCE) as load:
        old = {pod.name for pod in run.servers()}
        load.wait(1.0)
        run.say(f"rollout restart, {'with' if retry else 'without'} retries")
        mark = load.now()
        run.kubectl.restart(labels.SERVER, run.place.namespace)
        load.wait_until(lambda: _over(run, old), LIMIT, "the rollout's end")
        seconds = load.now() - mark
        load.wait(AFTERWARDS)
    calls = load.since(mark)
    attempts = sum(sample.attempts for sample in calls)
    return Restart(len(calls), figures.failed(calls), attempts, figures.longest_gap(calls), rollout_s=seconds)


def _over(run: DrillRun, old: set[str]) -> bool:
    servers = need(run.api.get(DEPLOYMENTS, labels.SERVER, run.place.namespace))
    if servers is not None and not servers.complete:
        return False
    pods = need(run.api.list(PODS, run.place.namespace, selector=labels.OF_RELEASES))
    return not any(pod.name in old for pod in pods)
