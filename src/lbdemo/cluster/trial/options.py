"""What `verify` is asked: a record of its own, so that options can be checked before anything else is loaded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """What `verify` is asked. `calls` 0: as many as the planner says; `rate` is in RPC/s, `timeout` in seconds a call.

    `expect` "" is what the installed strategy promises, `connections` 0 as many as the installed client has. `retry`:
    gRPC tries calls again that end as UNAVAILABLE or CANCELLED. `errors` (0 to 1) is the part of the calls that may
    fail, `weights` which part of the calls each pod should get, by what its name begins with.
    """

    calls: int = 0
    tolerance: float = 0.2
    alpha: float = 0.001
    expect: str = ""
    rate: float = 500.0
    concurrency: int = 0
    connections: int = 0
    timeout: float = 5.0
    retry: bool = False
    errors: float = 0.0
    weights: tuple[tuple[str, float], ...] = ()

    @property
    def looks(self) -> int:
        """The blocks that are planned: who says how many calls to make gets so many and no more."""
        return 1 if self.calls else 2
