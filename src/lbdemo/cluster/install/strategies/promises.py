"""What strategies promise of each drill: in words, and as a question that the drill's figures answer."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from lbdemo.measure import simultaneous_z, wilson

if TYPE_CHECKING:
    from lbdemo.records.drills import Figures, Kill, RollingRestart, ScaleUp, Sick, Slow

F = TypeVar("F", bound="Figures")

SOON = 15.0  # seconds in which a strategy that learns of pods by itself should have found new ones
SLACK = 5.0  # seconds for what follows when a connection has reached its age: a look at DNS, a new connection
LATE = 1.1  # gRPC varies a connection's age by 10 %
UNLIKELY = 0.001  # what chance does less often than this is not put down to chance
LEFT_ALONE = 10.0  # seconds after which nobody should still try a dead pod
FEWER = 0.8  # of its fair share: less than that, beyond chance, is what least request promises for a slow pod
SLOW_P99 = 150.0  # ms: a p99 above this shows that the slow pod is still called
DETECTED = 0.05  # share of calls that may still fail: an ejected pod is let in again now and then


@dataclass(frozen=True, slots=True)
class Setup:
    """What a promise depends on, read off what is installed. `connection_age` is in seconds; 0: they live for ever."""

    servers: int
    lb_policy: str = "round-robin"
    connections: int = 1
    connection_age: float = 0.0

    @property
    def fair(self) -> float:
        """One server's fair share of the calls."""
        return 1 / self.servers

    @property
    def busiest(self) -> float:
        """The share that the busiest server has at least, however the connections fell (the pigeonhole principle)."""
        return math.ceil(self.connections / self.servers) / self.connections


@dataclass(frozen=True, slots=True)
class Promise(Generic[F]):
    """What is promised, in words; `kept` says whether a drill's figures keep it."""

    words: str
    kept: Callable[[F], bool]


Says = Callable[[Setup], Promise[F]]


def no_call_lost(setup: Setup) -> Promise[RollingRestart]:
    """Of a rolling restart."""
    words = "with gRPC's own retries no RPC fails; without them, what is on its way when a server stops"
    return Promise(words, lambda figures: figures.with_retries.failed == 0)


def left_alone(setup: Setup) -> Promise[Kill]:
    """Of a pod that died."""
    words = f"what is in flight may fail; the dead pod is left alone within {LEFT_ALONE:.0f} s"
    return Promise(words, lambda figures: figures.last_trouble_s <= LEFT_ALONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """One a drill. There is none that a strategy could forget: what it does not say, it does not promise."""

    scale_up: Says[ScaleUp]
    slow: Says[Slow]
    sick: Says[Sick]
    rolling_restart: Says[RollingRestart] = no_call_lost
    kill: Says[Kill] = left_alone

    def of(self, drill: str, setup: Setup) -> Promise[Any]:
        """The promise of a drill, by its name, such as scale-up."""
        says: Says[Any] = getattr(self, drill.replace("-", "_"))
        return says(setup)


# Of a scale-up


def never_found(setup: Setup) -> Promise[ScaleUp]:
    """Nothing makes the client look for new pods."""
    words = "never: connections stay where they are, and none reaches a maximum age"
    return Promise(words, lambda figures: figures.first_call_s is None)


def found_at_age(setup: Setup) -> Promise[ScaleUp]:
    """The client looks for new pods when a connection ends."""
    age = setup.connection_age
    if not age:
        return never_found(setup)
    within = max(SOON, LATE * age + SLACK)
    return Promise("found when a connection reaches its maximum age", lambda figures: _found(figures, within))


def found_by_chance(setup: Setup) -> Promise[ScaleUp]:
    """A connection that ends is made anew, to any pod: half of the pods are new, and chance may avoid them."""
    if not setup.connection_age:
        return never_found(setup)
    avoided = 0.5**setup.connections
    words = "as chance has it: a connection that reaches its maximum age is made anew, to any pod"
    return Promise(words, lambda figures: figures.first_call_s is not None or avoided > UNLIKELY)


def found_soon(how: str) -> Says[ScaleUp]:
    """Something tells of new pods by itself; `how` says what."""
    return lambda setup: Promise(
        f"{how}, within {SOON:.0f} s",
        lambda figures: _found(figures, max(SOON, LATE * setup.connection_age + SLACK)),
    )


def _found(figures: ScaleUp, within: float) -> bool:
    first = figures.first_call_s
    return first is not None and figures.even_again_s is not None and first <= figures.pods_ready_s + within


# Of a slow pod


def all_slow(setup: Setup) -> Promise[Slow]:
    """One pod answers all."""
    words = "all calls are as slow as the one pod that answers them"
    return Promise(words, lambda figures: _part(figures) > 0.99)


def its_connections_slow(setup: Setup) -> Promise[Slow]:
    """Each connection has its pod, and keeps it."""
    words = "the connections that have the slow pod keep it: its share stays, and all of that is slow"
    least = 0.9 * setup.busiest
    return Promise(words, lambda figures: _part(figures) >= least and _slow(figures))


def its_turns_slow(setup: Setup) -> Promise[Slow]:
    """Round robin."""
    words = "even, so the slow pod's share of the calls is slow: a bad p99"
    return Promise(
        words,
        lambda figures: abs(_part(figures) / setup.fair - 1) < 1 - FEWER and _slow(figures),
    )


def avoided(setup: Setup) -> Promise[Slow]:
    """Least request."""
    words = "of two pods drawn at random the less busy one is called: fewer calls for the slow pod, but not none"

    def kept(figures: Slow) -> bool:
        calls = figures.calls
        slow = round(_part(figures) * calls)
        _, most = wilson(slow, calls, simultaneous_z(UNLIKELY, 1))
        return most < FEWER * setup.fair

    return Promise(words, kept)


def by_policy(setup: Setup) -> Promise[Slow]:
    """What --lb-policy makes of it."""
    return avoided(setup) if setup.lb_policy == "least-request" else its_turns_slow(setup)


def _part(figures: Slow) -> float:
    """The slow pod's; 0 where no call was answered."""
    return figures.slow_pod_share or 0.0


def _slow(figures: Slow) -> bool:
    return (figures.p99_ms or 0.0) > SLOW_P99


# Of a pod that answers UNAVAILABLE


def all_fail(setup: Setup) -> Promise[Sick]:
    """One pod answers all."""
    words = "the pod that answers all is sick: all calls fail"
    return Promise(words, lambda figures: figures.error_share > 0.9)


def its_connections_fail(setup: Setup) -> Promise[Sick]:
    """Each connection has its pod, and keeps it."""
    words = "the connections that have the sick pod keep it: as large a part of the calls fails"
    return Promise(words, lambda figures: figures.error_share >= 0.9 * setup.busiest)


def its_share_fails(words: str) -> Says[Sick]:
    """A pod's turns fail, and no more; outlier detection, where there is one, takes it out."""
    return lambda setup: Promise(
        words,
        lambda figures: abs(figures.error_share / setup.fair - 1) < 0.3 and _taken_out(figures),
    )


def few_fail(words: str) -> Says[Sick]:
    """No more than a pod's turns fail; outlier detection, where there is one, takes it out."""
    return lambda setup: Promise(words, lambda figures: figures.error_share <= setup.fair * 1.3 and _taken_out(figures))


def _taken_out(figures: Sick) -> bool:
    detected = figures.error_share_with_outlier_detection
    return detected is None or detected <= max(DETECTED, figures.error_share / 2)
