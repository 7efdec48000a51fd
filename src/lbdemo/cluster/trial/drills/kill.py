"""One pod killed without grace: how many RPCs fail, and until when is it still called?"""

from __future__ import annotations

from lbdemo.cluster.trial.drills import figures
from lbdemo.cluster.trial.drills.base import Drilled, Scene
from lbdemo.cluster.trial.drills.faults import crash

WATCH = 12.0  # seconds of load after the kill
READY = 60.0  # seconds until its successor must be ready
SOON = 10.0  # seconds after which nobody should still try the dead pod
EXPECTED = f"what is in flight may fail; the dead pod is left alone within {SOON:.0f} s"


def drill(scene: Scene) -> Drilled:
    """Kills the pod that answers most, as a node's sudden end would: its server ends without a goodbye."""
    with scene.load(WATCH + READY + 60) as load:
        load.wait(1.5)
        victim = figures.busiest(load.samples)
        scene.say(f"killing {victim}")
        mark = load.now()
        crash(scene, victim)
        dead = load.now()
        load.wait(WATCH)
        load.wait_until(lambda: len(scene.servers()) >= len(scene.setting.servers), READY, "the successor")
    calls = load.since(mark)
    end = figures.last_answer([call for call in calls if call.sent <= dead], victim, mark)
    trouble = figures.last_trouble([call for call in calls if call.sent > end], victim, end)
    return Drilled(
        "kill",
        {"calls": len(calls), "failed": figures.failed(calls), "last_trouble_s": trouble,
         "longest_gap_s": figures.longest_gap(calls)},
        EXPECTED,
        trouble <= SOON,
    )  # fmt: skip
