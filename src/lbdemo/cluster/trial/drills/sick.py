"""One pod answers UNAVAILABLE: how many calls fail, without and with outlier detection?"""

from __future__ import annotations

from lbdemo.cluster.trial.drills import figures
from lbdemo.cluster.trial.drills.base import DrillRun
from lbdemo.cluster.trial.drills.faults import faulty
from lbdemo.records.drills import Drilled, Sick

SETTLE = 3.0  # seconds that outlier detection gets to notice
WATCH = 6.0  # seconds of load that are counted


def drill(run: DrillRun) -> Drilled[Sick]:
    """Makes the pod that answers most sick: first as installed, then with outlier detection where there is one."""
    plain, detected = _share(run), None
    if run.installation.strategy.detects:
        run.say("switching outlier detection on")
        run.set_outlier(True)
        try:
            detected = _share(run)
        finally:
            run.set_outlier(False)
    return run.judged("sick", Sick(plain, detected))


def _share(run: DrillRun) -> float:
    """The part of the calls that fails while one pod is sick."""
    with run.load(SETTLE + WATCH + 60) as load:
        load.wait(1.5)
        victim = figures.busiest(load.samples)
        run.say(f"{victim} answers UNAVAILABLE")
        with faulty(run, victim, unavailable=1.0):
            load.wait(SETTLE)
            mark = load.now()
            load.wait(WATCH)
            until = load.now()
    calls = [sample for sample in load.since(mark) if sample.sent <= until]
    return figures.failed(calls) / len(calls) if calls else 0.0
