"""Claims of what looks at counters show: made-up callers (`callers`), counted as proxies count them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from callers import Caller, at_random, looks, pinned, renewed, round_robin
from evidence import Claim, Draw, is_a

from lbdemo.measure import Expectation, Outcome, Verdict
from lbdemo.measure.flows import difference, judge_flows

COUNTED = "Counters of proxies, looked at 13 times"

ALPHA = 0.001
BALANCED = Claim("BALANCED", ALPHA, is_a(Outcome.BALANCED))
ACCUSED = Claim("accused", ALPHA, is_a(Outcome.UNBALANCED, Outcome.PINNED, Outcome.IN_TURNS))
PASSES = Claim("BALANCED", 0.99, is_a(Outcome.BALANCED), at_least=True)
PINNED = Claim("PINNED", 0.99, is_a(Outcome.PINNED), at_least=True)
IN_TURNS = Claim("IN TURNS", 0.99, is_a(Outcome.IN_TURNS), at_least=True)

THIRDS = [1 / 3] * 3
WORST = (1.1, 0.9, 0.9)

Made = Callable[[random.Random], Sequence[Caller]]
Row = tuple[str, str, tuple[Claim, ...], Draw, int]


def watched(made: Made, calls: int, tolerance: float = 0.2, error: float = 0.0, bias: Sequence[float] = ()) -> Draw:
    """The verdict on all of these callers, each of which makes so many calls between two looks."""

    def draw(rng: random.Random) -> Verdict:
        seen = looks(made(rng), rng, calls, 13, error, bias)
        return judge_flows(difference(seen), Expectation(tolerance=tolerance)).whole.verdict

    return draw


def fair_callers(rng: random.Random, number: int) -> Sequence[Caller]:
    return [at_random(THIRDS) if rng.random() < 0.5 else round_robin(3, rng.randrange(3)) for _ in range(number)]


def counted() -> Iterator[Row]:
    """One caller and many, exact counts and such as may be off by a tenth."""
    yield COUNTED, "1 caller, at random", (PASSES, ACCUSED), watched(lambda _: [at_random(THIRDS)], 220), 1000
    mixed = watched(lambda rng: fair_callers(rng, 10), 40)
    yield COUNTED, "10 callers, at random or in rounds", (PASSES, ACCUSED), mixed, 200
    edge = [0.4, 0.3, 0.3]
    yield COUNTED, "1 caller, a share on the edge", (BALANCED,), watched(lambda _: [at_random(edge)], 400), 1000
    yield COUNTED, "10 callers, a share on the edge", (BALANCED,), watched(lambda _: [at_random(edge)] * 10, 40), 200
    alone = watched(lambda rng: [pinned(3, rng.randrange(3)) for _ in range(100)], 4)
    yield COUNTED, "100 callers, each with one server", (BALANCED, PINNED), alone, 200
    yield (
        COUNTED,
        "1 caller, a connection renewed once a look",
        (BALANCED,),
        watched(lambda _: [renewed(3, 1)], 400),
        500,
    )
    turning = watched(lambda _: [renewed(3, 1) for _ in range(20)], 40)
    yield COUNTED, "20 callers, connections renewed once a look", (BALANCED, IN_TURNS), turning, 100
    within = watched(lambda _: [at_random(THIRDS)], 300, 0.5, 0.1, WORST)
    yield COUNTED, "1 caller, at random, counted ± 10 % at the worst, tolerance 0.5", (PASSES, ACCUSED), within, 500
    strict = watched(lambda _: [at_random(THIRDS)], 3000, 0.2, 0.1, WORST)
    yield COUNTED, "1 caller, at random, counted ± 10 % at the worst, tolerance 0.2", (ACCUSED,), strict, 100
    hidden = watched(lambda _: [at_random([0.5, 0.25, 0.25])], 500, 0.5, 0.1, (0.9, 1.1, 1.1))
    yield COUNTED, "1 caller, a share on the edge hidden by ± 10 %, tolerance 0.5", (BALANCED,), hidden, 300
