"""How fast the acts go: found out just before, since nobody knows what else this machine has to do."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from statistics import median
from typing import TYPE_CHECKING

from lbdemo.measure import plan_calls
from lbdemo.measure.histogram import CALLS_FOR_P99
from lbdemo.words import number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lbdemo.echo.tls import ClientTls
    from lbdemo.local.acts import Act
    from lbdemo.local.options import DemoOptions
    from lbdemo.records.sample import Sample

PROBE_CALLS, WARM_UP = 500, 150
"""So many calls go in a closed loop, and so many of these are made before the clock runs: first calls are slow."""

PROBE_LOOPS = 16

MEDIAN_CALLS = 200
"""So many calls tell a median; the first fifth, which meets cold code, is left out."""

CALM = 1 / 4
"""The part of the pace of the closed loop at which calls hardly wait for one another."""

HURRY = 0.4
"""The part up to which acts of the story may go where they would take too long otherwise."""

ACT_SECONDS = 1.3
"""An act should take no longer: three of them, and all that starts before, are less than 6 s."""

EXACT_PART = 0.36
"""The part of the planned calls that proves an exact round robin, with some to spare: a plan is for a random choice."""

SLOWEST, FASTEST = 20.0, 5000.0


@dataclass(frozen=True, slots=True)
class Pace:
    """`rate` calls a second (in drills `calm`), `calls` an act; `limit` is what a closed loop came to just before.

    A limit of 0: there was none.
    """

    rate: float
    calm: float
    calls: int
    limit: float = 0.0
    looks: int = 2  # the blocks that are planned; who says how many calls to make gets so many and no more

    def of(self, act: Act) -> float:
        """The calls a second of an act."""
        return self.calm if act.slow else self.rate

    def told(self, acts: Iterable[Act]) -> str:
        """What is done, in one line."""
        rates = dict.fromkeys(number(round(self.of(act))) for act in acts)
        said = f"each act makes {number(self.calls)} calls, {' or '.join(rates)} a second"
        return f"this machine holds {number(round(self.limit))} calls/s just now: {said}" if self.limit else said


def choose(options: DemoOptions, limit: float) -> Pace:
    """The pace for a machine on which a closed loop came to `limit` calls a second.

    Well below that; and as many calls as fit in an act, but never fewer than prove the exact round robin that two acts
    promise, nor more than prove a random choice. What was told stands.
    """
    most = plan_calls(options.servers)
    fewest = min(most, max(ceil(EXACT_PART * most), CALLS_FOR_P99))
    calm = options.rate or min(FASTEST, max(SLOWEST, options.slowest, limit * CALM))
    rate = options.rate or max(calm, min((options.calls or fewest) / ACT_SECONDS, limit * HURRY))
    calls = options.calls or min(most, max(fewest, round(rate * ACT_SECONDS)))
    return Pace(rate, calm, calls, limit, looks=1 if options.calls else 2)


@dataclass(frozen=True, slots=True)
class Calls:
    """Whom to call, and how.

    `authority` is the name that the servers' certificate bears; calls that make a `trace` are slower.
    """

    target: str
    tls: ClientTls | None = None
    authority: str = ""
    policy: str = "round_robin"
    trace: bool = False


def probe(calls: Calls) -> float:
    """The calls a second of a closed loop. Raises KeyboardInterrupt when a signal stops it."""
    import time

    ends: list[float] = []
    run(calls, 0.0, PROBE_CALLS, lambda _: ends.append(time.monotonic()), loops=PROBE_LOOPS)
    return rate_of(ends)


def median_call(calls: Calls, rate: float) -> float:
    """The seconds from when a call was sent that half of them need, at a fixed rate (calls/s).

    Raises KeyboardInterrupt when a signal stops it.
    """
    times: list[float] = []
    run(calls, 1 / rate, MEDIAN_CALLS, lambda sample: times.append(sample.latency - (sample.sent - sample.due)))
    return median(times[len(times) // 5 :])


def run(calls: Calls, interval: float, count: int, sink: Callable[[Sample], None], loops: int = 0) -> None:
    """Makes so many calls. Raises KeyboardInterrupt when a signal stops them."""
    import asyncio

    from lbdemo.echo.load import loop_for, run_until_signal
    from lbdemo.echo.options import LoadOptions
    from lbdemo.local.guards import same_signals

    load = LoadOptions(
        target=calls.target, interval=interval, count=count, concurrency=loops, policy=calls.policy, wait=5.0,
        tls=calls.tls, authority=calls.authority, trace=calls.trace,
    )  # fmt: skip
    with same_signals(), asyncio.Runner(loop_factory=lambda: loop_for(interval)) as runner:
        _, stopped = runner.run(run_until_signal(load, sink))
    if stopped is not None:
        raise KeyboardInterrupt


def rate_of(ends: list[float]) -> float:
    """The calls a second by the times at which they ended, those of the warm-up left out."""
    ends = ends[WARM_UP:]
    seconds = ends[-1] - ends[0] if ends else 0.0
    return (len(ends) - 1) / seconds if seconds > 0 else 0.0
