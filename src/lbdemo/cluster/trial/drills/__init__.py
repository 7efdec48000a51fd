"""Drills by name: what happens when pods come and go. One file each with one function, and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from lbdemo.cluster.trial.drills import kill, rolling_restart, scale_up, sick, slow
from lbdemo.cluster.trial.drills.base import Drill, DrillRun

__all__ = ["DEFAULT", "DRILLS", "Drill", "DrillRun"]

DRILLS: Mapping[str, Drill] = {
    "scale-up": scale_up.drill,
    "rolling-restart": rolling_restart.drill,
    "kill": kill.drill,
    "slow": slow.drill,
    "sick": sick.drill,
}
DEFAULT = ("scale-up", "rolling-restart", "kill")
