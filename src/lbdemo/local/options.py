"""What to play, checked before anything starts."""

from __future__ import annotations

from dataclasses import dataclass

from lbdemo.errors import InputError
from lbdemo.local.acts import DRILLS, STORY, WITH_TLS, Act

FEWEST_SERVERS = 3

FEWEST_AT_THE_SLOW = 10
"""A drill's rate is at least so many calls a second and server: with fewer, the slow server is idle again before the
next call, and least request has nothing to see."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What to play: `calls` an act (0: as many as it takes), `rate` in calls a second (0: one that this machine holds
    now), `drill` '' or 'slow', `tls` with an act that shows what TLS costs,
    `trace` with a trace of each call.
    """

    servers: int = 3
    calls: int = 0
    rate: float = 0.0
    drill: str = ""
    tls: bool = False
    trace: bool = False

    def __post_init__(self) -> None:
        """Raises InputError for what cannot be played."""
        if self.drill and self.drill not in DRILLS:
            raise InputError(f"there is no drill {self.drill!r}", f"choose one of: {', '.join(DRILLS)}")
        if self.drill and self.servers < FEWEST_SERVERS:
            raise InputError(
                f"the drill {self.drill} needs at least {FEWEST_SERVERS} servers",
                "of two, the one that is not slow would get nearly all calls, which is no balance to look at",
            )
        if 0 < self.rate < self.slowest:
            raise InputError(
                f"--rate {self.rate:g} is too low for a drill with {self.servers} servers",
                f"give at least {self.slowest:g}: with fewer calls the slow server is always idle again in time",
            )

    @property
    def acts(self) -> tuple[Act, ...]:
        """The acts in their order."""
        return STORY + (WITH_TLS if self.tls else ()) + DRILLS.get(self.drill, ())

    @property
    def slowest(self) -> float:
        """The lowest rate at which what is played makes its point; 0 where any does."""
        return float(FEWEST_AT_THE_SLOW * self.servers) if self.drill else 0.0
