"""What a drill teaches, in the figures that were measured, each with its margin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import hypot

from lbdemo.local.acts import EVEN, FULL_SCAN, SLOW_MS, TWO_CHOICES
from lbdemo.measure import simultaneous_z, wilson
from lbdemo.records import Quantiles, Result
from lbdemo.words import count, duration, number, percent

ALPHA = 0.001
"""The error probability of a margin."""

APART = SLOW_MS / 2000
"""Seconds by which two 90th percentiles must differ to be called different: half of what the slow server adds. Either
the slow server's calls are among the slowest tenth or they are not; what differs by less is a matter of chance."""


@dataclass(frozen=True, slots=True)
class Margin:
    """By how much smaller the slow server's share of the calls is than with round robin, and that for certain.

    Shares of one: the difference lies between `low` and `high` but for a probability of `ALPHA`.
    """

    low: float
    high: float

    @property
    def helps(self) -> bool:
        """Whether the slow server gets fewer calls, beyond what chance does."""
        return self.low > 0

    def told(self, before: str) -> str:
        """The margin in points of a hundred; `before` is the share with round robin."""
        points = f"{self.low * 100:.1f} to {self.high * 100:.1f} points"
        if self.helps:
            return f"It helps: {points} fewer than with round robin ({before})."
        return f"It does not help beyond chance: {points} fewer than with round robin ({before})."


def margin(even: tuple[int, int], uneven: tuple[int, int]) -> Margin:
    """The difference of two shares, each as (calls to the slow server, all calls).

    R. G. Newcombe, "Interval estimation for the difference between independent proportions", Statistics in Medicine 17
    (1998), method 10: the ends of the two Wilson intervals, combined. Both policies vary less than independent draws
    do, so that the interval is rather too wide.
    """
    z = simultaneous_z(ALPHA, 1)
    (first, before), (second, after) = even, uneven
    if not before or not after:
        return Margin(-1.0, 1.0)
    share, other = first / before, second / after
    (low, high), (other_low, other_high) = wilson(first, before, z), wilson(second, after, z)
    difference = share - other
    return Margin(
        difference - hypot(share - low, other_high - other), difference + hypot(high - share, other - other_low)
    )


def lesson(results: tuple[Result, ...], slow: str) -> tuple[Result, ...]:
    """The results, those of the slow server's drill with notes that compare them with round robin.

    An act of least request keeps its promise when the slow server gets fewer calls, beyond what chance does.
    """
    even = next((result for result in results if result.name == EVEN), None)
    if even is None:
        return results
    return tuple(_taught(result, even, slow) for result in results)


def _taught(result: Result, even: Result, slow: str) -> Result:
    if result.name == EVEN:
        return replace(result, notes=(*result.notes, on_round_robin(result, slow)))
    if result.name not in CHOICES:
        return result
    kept = result.promises_kept and margin(part(even, slow), part(result, slow)).helps
    return replace(result, notes=(*result.notes, *on_least_request(even, result, slow)), promises_kept=kept)


def on_round_robin(even: Result, slow: str) -> str:
    """Even is not the same as good."""
    still = f"{slow} takes {SLOW_MS} ms longer and still gets {_share(part(even, slow))} of the calls"
    slow_end = tail(seen(even))
    return f"Even is not the same as good: {still}{', so ' if slow_end else ''}{slow_end}."


CHOICES = {
    TWO_CHOICES: "Each request goes to the less busy of two servers drawn at random, at times the same one twice",
    FULL_SCAN: "Each request goes to the server with the fewest in flight of all",
}


def on_least_request(even: Result, uneven: Result, slow: str) -> tuple[str, ...]:
    """Uneven on purpose: how, by what margin, and whether the slowest tenth of the calls is better for it."""
    got, answered = part(uneven, slow)
    how = (
        f"{CHOICES[uneven.name]}, so {slow} got {number(got)} of {count(answered, 'call')} ({_share((got, answered))})."
    )
    if not answered or not part(even, slow)[1]:
        return (how,)
    gain = margin(part(even, slow), (got, answered)).told(_share(part(even, slow)))
    return how, gain, on_tail(seen(even), seen(uneven))


def on_tail(before: Quantiles | None, after: Quantiles | None) -> str:
    """Whether the slowest tenth of the calls is better for it, by the margin that the drill states."""
    if before is None or after is None:
        return "The client was too late to compare the slowest tenth of the calls."
    compared = f"p90 is {duration(after.p90)}, with round robin {duration(before.p90)}"
    if before.p90 - after.p90 >= APART:
        return f"The slowest tenth of the calls is better for it, too: {compared}."
    if after.p90 - before.p90 >= APART:
        return f"The slowest tenth of the calls is worse for it: {compared}."
    return f"The slowest tenth of the calls is no better for it: {compared}."


def seen(result: Result) -> Quantiles | None:
    """How long the servers took, from when calls were sent; None where the client was so late that it counts."""
    lag = result.summary.lag
    if lag is None or (lag.p90 if lag.p99 is None else lag.p99) > APART / 2:
        return None
    return result.summary.service


def tail(latency: Quantiles | None) -> str:
    """The slow end of the latencies; '' when it is not known."""
    if latency is None:
        return ""
    return f"p90 is {duration(latency.p90)}" + (f" and p99 {duration(latency.p99)}" if latency.p99 else "")


def part(result: Result, server: str) -> tuple[int, int]:
    """How many calls a server answered, and how many all did."""
    calls = {found.server: found.calls for found in result.summary.servers}
    return calls.get(server, 0), sum(calls.values())


def _share(calls: tuple[int, int]) -> str:
    return percent(calls[0] / calls[1] if calls[1] else 0.0)
