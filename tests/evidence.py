"""What is claimed of the judge, and how to measure it: made-up calls go in, and it is counted how often it errs.

The calls come from `simulation` and from here, the order of those that depend on each other goes the way of real ones
(`OrderTally`). A claim is a bound on a rate; it is refuted when the rate that was measured is provably beyond it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import exp, lgamma, log, log1p
from operator import eq

from simulation import Balancer

from lbdemo.measure import Counts, Expectation, Order, Outcome, Verdict, judge, plan_calls
from lbdemo.records.order import OrderTally

HANDFUL = 128
BATCHES = 64
SURE = 0.001
"""An interval misses the true rate this seldom."""

Draw = Callable[[random.Random], Verdict | None]
"""Makes one block of calls and has it judged; None when it is no case for the claim."""


@dataclass(frozen=True)
class Claim:
    """`holds` should be true of at most (or, `at_least`) this part of all verdicts."""

    words: str
    limit: float
    holds: Callable[[Verdict], bool]
    at_least: bool = False

    @property
    def said(self) -> str:
        return f"{self.words}: at {'least' if self.at_least else 'most'} {self.limit * 100:g} %"

    def refuted(self, hits: int, of: int) -> bool:
        low, high = interval(hits, of)
        return high < self.limit if self.at_least else low > self.limit


@dataclass(frozen=True)
class Case:
    """One kind of traffic, and what is claimed of it."""

    section: str
    traffic: str
    claims: tuple[Claim, ...]
    draw: Draw
    blocks: int
    seed: int

    def measured(self, blocks: int = 0) -> tuple[tuple[int, int], ...]:
        """For each claim how often it was true, and of how many verdicts."""
        rng = random.Random(self.seed)
        verdicts = [verdict for _ in range(blocks or self.blocks) if (verdict := self.draw(rng)) is not None]
        return tuple((sum(map(claim.holds, verdicts)), len(verdicts)) for claim in self.claims)


def interval(hits: int, of: int) -> tuple[float, float]:
    """The rates that so many hits leave open, but for an error of `SURE` (Clopper and Pearson, by halving)."""
    if not of:
        return 0.0, 1.0
    return _lowest(hits, of), 1 - _lowest(of - hits, of)


def _lowest(hits: int, of: int) -> float:
    low, high = 0.0, hits / of
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if _at_least(hits, of, middle) > SURE / 2 else (middle, high)
    return low


def _at_least(hits: int, of: int, rate: float) -> float:
    """Binomial, summed from `hits` on until the terms are nothing."""
    if not hits or not rate:
        return 1.0 if not hits else 0.0
    found = 0.0
    for count in range(hits, of + 1):
        ways = lgamma(of + 1) - lgamma(count + 1) - lgamma(of - count + 1)
        term = exp(ways + count * log(rate) + (of - count) * log1p(-rate))
        found += term
        if term < found * 1e-12:
            break
    return found


def drawn(rng: random.Random, weights: list[int], calls: int) -> bytes:
    """Independent calls, one byte each: servers in proportion to whole weights, which add up to 256 at most."""
    table = bytes(server for server, weight in enumerate(weights) for _ in range(weight))
    table *= 256 // len(table)
    spare = bytes(range(len(table), 256))
    found = b""
    while len(found) < calls:
        found += rng.randbytes(calls + calls // 8 + 16).translate(table.ljust(256, b"\0"), spare)
    return found[:calls]


def independent(calls: bytes, servers: int) -> Counts:
    """Independent calls as the judge wants them, in batches of the same size."""
    batches = max(8, min(BATCHES, len(calls) // (4 * servers)))
    ends = [len(calls) * batch // batches for batch in range(batches + 1)]
    rows = tuple(
        tuple(part.count(server) for server in range(servers))
        for part in (calls[start:end] for start, end in pairwise(ends))
    )
    same = sum(map(eq, calls, calls[1:]))
    totals = [calls.count(server) for server in range(servers)]
    names = tuple(f"s{server}" for server in range(servers))
    order = Order(names, rows, (tuple(totals),), len(calls) - 1, same)
    return _counts(dict(zip(names, totals, strict=True)), order)


def recorded(balancer: Balancer, rng: random.Random, calls: int) -> Counts:
    """Calls as a client records them: by number, server and connection, a handful at a time."""
    made, tally, totals = balancer(rng, calls), OrderTally(), dict[str, int]()
    for start in range(0, calls, HANDFUL):
        part = made[start : start + HANDFUL]
        names = [f"s{server}" for server, _ in part]
        tally.add(range(start, start + len(part)), names, [connection for _, connection in part])
        for name in names:
            totals[name] = totals.get(name, 0) + 1
    return _counts(totals, tally.order())


def _counts(totals: dict[str, int], order: Order | None) -> Counts:
    calls = sum(totals.values())
    return Counts(
        calls, calls, (), tuple((name, count) for name, count in sorted(totals.items()) if count), order=order
    )


def on_the_edge(servers: int, twentieths: int, above: bool) -> list[int]:
    """Whole weights: one share lies exactly on the edge of the band, so many twentieths off; the others fill up."""
    sign, others = 1 if above else -1, servers - 1
    steps = [twentieths * (n + 1) // others - twentieths * n // others for n in range(others)]
    return [20 + sign * twentieths, *(20 - sign * step for step in steps)]


def random_blocks(weights: list[int], calls: int, expectation: Expectation) -> Draw:
    """Each block is so many independent calls."""
    return lambda rng: judge(independent(drawn(rng, weights, calls), len(weights)), expectation)


def either_edge(servers: int, twentieths: int) -> Draw:
    """Independent calls with a share above in one half of the blocks, below in the other."""
    tolerance = twentieths / 20
    calls, expectation = plan_calls(servers, tolerance), Expectation(count=servers, tolerance=tolerance)
    sides = [random_blocks(on_the_edge(servers, twentieths, above), calls, expectation) for above in (True, False)]
    return lambda rng: sides[rng.randrange(2)](rng)


def blocks_of(balancer: Balancer, calls: int, expectation: Expectation) -> Draw:
    """Each block is so many calls of this balancer."""
    return lambda rng: judge(recorded(balancer, rng, calls), expectation)


def long_run_shares(balancer: Balancer, servers: int, calls: int = 100_000) -> list[float]:
    """The shares that a balancer comes to."""
    made = [server for server, _ in balancer(random.Random(1), calls)]
    return [made.count(server) / calls for server in range(servers)]


def advised(weights: list[int], expectation: Expectation) -> Draw:
    """A planned block; where it cannot tell, the fresh one that is advised."""
    calls = plan_calls(len(weights), expectation.tolerance, expectation.alpha)

    def made(rng: random.Random) -> Verdict | None:
        first = judge(independent(drawn(rng, weights, calls), len(weights)), expectation)
        if first.more_calls is None:
            return None
        return judge(independent(drawn(rng, weights, first.more_calls), len(weights)), expectation)

    return made


def two_looks(weights: list[int], expectation: Expectation) -> Draw:
    """A planned block, and where it cannot tell a second one, judged with the first."""
    calls = plan_calls(len(weights), expectation.tolerance, expectation.alpha_at(1))

    def made(rng: random.Random) -> Verdict:
        block = drawn(rng, weights, calls)
        first = judge(independent(block, len(weights)), expectation)
        if not first.second_block_helps:
            return first
        return judge(independent(block + drawn(rng, weights, calls), len(weights)), expectation, look=2)

    return made


def shares_of(weights: list[int]) -> list[float]:
    """The parts that the weights stand for."""
    return [weight / sum(weights) for weight in weights]


def is_a(*outcomes: Outcome) -> Callable[[Verdict], bool]:
    """Whether the verdict is one of these."""
    return lambda verdict: verdict.outcome in outcomes
