"""What to play, checked before anything starts."""

from __future__ import annotations

from dataclasses import dataclass

from lbdemo.errors import InputError
from lbdemo.local.acts import DRILLS, STORY, Act
from lbdemo.measure import plan_calls

FAST, GENTLE = 1700.0, 1000.0
MANY_SERVERS = 4
"""Two cores keep up with `FAST` calls a second through so many servers; with more, and in drills, they go `GENTLE`."""

FEWEST_SERVERS = 3

FEWEST_AT_THE_SLOW = 10
"""A drill's rate is at least so many calls a second and server: with fewer, the slow server is idle again before the
next call, and least request has nothing to see."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What to play: `calls` an act (0: as many as the planner says), `rate` in calls a second (0: one that two cores
    can keep), `drill` '' or 'slow'.
    """

    servers: int = 3
    calls: int = 0
    rate: float = 0.0
    drill: str = ""

    def __post_init__(self) -> None:
        """Raises InputError for what cannot be played."""
        if self.drill and self.drill not in DRILLS:
            raise InputError(f"there is no drill {self.drill!r}", f"choose one of: {', '.join(DRILLS)}")
        if self.drill and self.servers < FEWEST_SERVERS:
            raise InputError(
                f"the drill {self.drill} needs at least {FEWEST_SERVERS} servers",
                "of two, the one that is not slow would get nearly all calls, which is no balance to look at",
            )
        least = FEWEST_AT_THE_SLOW * self.servers
        if self.drill and 0 < self.rate < least:
            raise InputError(
                f"--rate {self.rate:g} is too low for a drill with {self.servers} servers",
                f"give at least {least}: with fewer calls the slow server is always idle again in time",
            )

    @property
    def acts(self) -> tuple[Act, ...]:
        """The acts in their order."""
        return STORY + DRILLS.get(self.drill, ())

    def pace(self, act: Act) -> float:
        """The calls a second of an act."""
        return self.rate or (FAST if self.servers <= MANY_SERVERS and not act.slow else GENTLE)

    @property
    def planned(self) -> int:
        """The calls of each act."""
        return self.calls or plan_calls(self.servers)
