"""One pod killed without grace: how many RPCs fail, and until when is it still called?"""

from __future__ import annotations

from lbdemo.cluster.trial.drills import figures
from lbdemo.cluster.trial.drills.base import DrillRun
from lbdemo.cluster.trial.drills.faults import crash
from lbdemo.records.drills import Drilled, Kill

WATCH = 12.0  # seconds of load after the kill
READY = 60.0  # seconds until its successor must be ready


def drill(run: DrillRun) -> Drilled[Kill]:
    """Kills the pod that answers most, as a node's sudden end would: its server ends without a goodbye."""
    with run.load(WATCH + READY + 60) as load:
        load.wait(1.5)
        victim = figures.busiest(load.samples)
        run.say(f"killing {victim}")
        mark = load.now()
        crash(run, victim)
        dead = load.now()
        load.wait(WATCH)
        load.wait_until(lambda: len(run.servers()) >= len(run.installation.servers), READY, "the successor")
    calls = load.since(mark)
    end = figures.last_answer([call for call in calls if call.sent <= dead], victim, mark)
    trouble = figures.last_trouble([call for call in calls if call.sent > end], victim, end)
    return run.judged(
        "kill",
        Kill(len(calls), figures.failed(calls), last_trouble_s=trouble, longest_gap_s=figures.longest_gap(calls)),
    )
