"""2 -> 4 pods under load: when does a new pod get its first call, and when is the spread even again?"""

from __future__ import annotations

from collections.abc import Sequence

from lbdemo.cluster.trial.drills import figures
from lbdemo.cluster.trial.drills.base import DrillRun
from lbdemo.records import Sample
from lbdemo.records.drills import Drilled, ScaleUp

FROM, TO = 2, 4
READY = 60.0  # seconds the new pods may take to become ready
LIMIT = 30.0  # seconds from there on after which a pod that got no call never will, as far as we look


def drill(run: DrillRun) -> Drilled[ScaleUp]:
    """Scales down first, lets it settle, then scales up and watches; leaves the original number of pods."""
    original = len(run.installation.servers)
    try:
        return _measure(run)
    finally:
        run.scale(original)


def _measure(run: DrillRun) -> Drilled[ScaleUp]:
    run.scale(FROM)
    run.settle(FROM, READY)
    limit = max(LIMIT, 2 * run.installation.connection_age)
    with run.load(READY + 2 * limit + 60) as load:
        old = {pod.name for pod in run.servers()}
        load.wait(1.5)
        run.say(f"{FROM} -> {TO} pods")
        mark = load.now()
        run.scale(TO)
        load.wait_until(lambda: len(run.servers()) == TO, READY, f"{TO} pods")
        names = {pod.name for pod in run.servers()}
        new, ready = names - old, load.now()
        run.say("waiting for the new pods' first call")
        if load.wait_until(lambda: figures.first_answer(load.since(mark), new, mark) is not None, limit):
            run.say("waiting for an even spread")
            load.wait_until(lambda: _even(load.since(mark), names, new, mark) is not None, limit)
    calls = load.since(mark)
    first, even = figures.first_answer(calls, new, mark), _even(calls, names, new, mark)
    return run.judged(
        "scale-up",
        ScaleUp(pods_ready_s=ready - mark, first_call_s=first, even_again_s=even, failed=figures.failed(calls)),
    )


def _even(calls: Sequence[Sample], names: set[str], new: set[str], mark: float) -> float | None:
    """Even again can only be what new pods take part in."""
    first = figures.first_answer(calls, new, mark)
    if first is None:
        return None
    return figures.even_again([sample for sample in calls if sample.sent >= mark + first], names, mark)
