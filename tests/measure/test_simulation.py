"""Both errors of the test, at the stated rates, with fixed seeds.

A rate is checked against its bound with binomial tails: the bounds below fail a correct judge less than once in
a million seeds, and fail a judge that misses its rate by much almost surely.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from math import factorial, prod

import pytest

from lbdemo.measure import Counts, Expectation, Outcome, judge, plan_calls
from lbdemo.measure.intervals import log10_at_least, log10_at_most

BLOCKS = 500
ALPHA = 0.001
POWER = 0.99
ONCE_IN_A_MILLION = -6.0


def random_counts(rng: random.Random, weights: list[int], calls: int) -> list[int]:
    """An exact multinomial draw: bytes stand for servers in proportion to the weights, spare ones are dropped."""
    server_of = bytes(server for server, weight in enumerate(weights) for _ in range(weight))
    repeats = 256 // len(server_of)
    table = (server_of * repeats).ljust(256, b"\0")
    spare = bytes(range(len(server_of) * repeats, 256))
    drawn = b""
    while len(drawn) < calls:
        drawn += rng.randbytes(calls + calls // 4).translate(table, spare)
    return [drawn[:calls].count(server) for server in range(len(weights))]


def verdict_of(counts: list[int], tolerance: float = 0.2) -> Outcome:
    calls = sum(counts)
    servers = tuple((f"s{n}", count) for n, count in enumerate(counts) if count)
    return judge(
        Counts(calls, calls, (), servers), Expectation(count=len(counts), tolerance=tolerance, alpha=ALPHA)
    ).outcome


def outcomes(seed: int, weights: list[int], calls: int, blocks: int) -> Counter[Outcome]:
    rng = random.Random(seed)
    return Counter(verdict_of(random_counts(rng, weights, calls)) for _ in range(blocks))


@pytest.fixture(scope="module", params=[2, 3, 5, 10])
def fair(request: pytest.FixtureRequest) -> Counter[Outcome]:
    servers = request.param
    return outcomes(servers, [1] * servers, plan_calls(servers, alpha=ALPHA, power=POWER), BLOCKS)


def test_a_fair_random_policy_is_balanced_in_at_least_98_percent_of_planned_blocks(fair: Counter[Outcome]) -> None:
    assert fair[Outcome.BALANCED] >= 0.97 * BLOCKS


def test_the_plan_reaches_its_power(fair: Counter[Outcome]) -> None:
    balanced = fair[Outcome.BALANCED]

    assert log10_at_most(balanced, BLOCKS, POWER) > ONCE_IN_A_MILLION
    # The plan is not far too long either: then (nearly) every block would pass.
    assert log10_at_least(balanced, BLOCKS, POWER) > ONCE_IN_A_MILLION


def test_a_fair_random_policy_is_unbalanced_no_more_often_than_alpha(fair: Counter[Outcome]) -> None:
    wrong = fair[Outcome.UNBALANCED] + fair[Outcome.PINNED]

    assert log10_at_least(wrong, BLOCKS, ALPHA) > ONCE_IN_A_MILLION


def partitions(calls: int, servers: int, most: int) -> Iterator[list[int]]:
    """All ways to spread the calls, the servers ordered by their counts."""
    if servers == 0:
        if calls == 0:
            yield []
        return
    for first in range(min(calls, most), -1, -1):
        for rest in partitions(calls - first, servers - 1, first):
            yield [first, *rest]


def probability(counts: list[int]) -> float:
    """That a fair choice leaves these counts, whichever server has which: multinomial, times the arrangements."""
    ways = factorial(sum(counts)) // prod(factorial(count) for count in counts)
    arrangements = factorial(len(counts)) // prod(factorial(times) for times in Counter(counts).values())
    return ways * arrangements / float(len(counts)) ** sum(counts)


@pytest.mark.parametrize("calls", [1, 2, 3, 5, 8, 12, 16])
@pytest.mark.parametrize("servers", [2, 3, 10])
def test_of_a_few_fair_calls_none_are_balanced_and_no_more_than_alpha_unbalanced(servers: int, calls: int) -> None:
    chances: Counter[Outcome] = Counter()
    for counts in partitions(calls, servers, calls):
        chances[verdict_of(counts)] += probability(counts)  # type: ignore[assignment]

    assert sum(chances.values()) == pytest.approx(1)
    assert chances[Outcome.UNBALANCED] + chances[Outcome.PINNED] <= ALPHA
    assert chances[Outcome.BALANCED] == 0


@pytest.mark.parametrize("servers", [2, 3, 5, 10, 50])
@pytest.mark.parametrize("extra", [0, 1, 7])
def test_round_robin_is_always_balanced(servers: int, extra: int) -> None:
    calls = plan_calls(servers) + extra

    assert verdict_of([calls // servers + (n < calls % servers) for n in range(servers)]) is Outcome.BALANCED


@pytest.mark.parametrize(
    "weights",
    [
        [175, 75],  # 0.70 where 0.50 is fair
        [70, 45, 45, 45, 45],  # 0.28 where 0.20 is fair
        [30, 55, 55, 55, 55],  # 0.12 where 0.20 is fair
        [28, 18, 18, 18, 18, 20, 20, 20, 20, 20],  # 0.14 where 0.10 is fair
    ],
    ids=str,
)
def test_a_share_off_by_twice_the_effect_is_never_balanced(weights: list[int]) -> None:
    seen = outcomes(7, weights, plan_calls(len(weights)), 200)

    assert seen[Outcome.BALANCED] == 0
    assert seen[Outcome.UNBALANCED] >= 0.9 * 200


@pytest.mark.parametrize("weights", [[150, 100], [48, 38, 38, 38, 38]], ids=str)
def test_a_share_off_by_the_effect_is_balanced_no_more_often_than_alpha(weights: list[int]) -> None:
    seen = outcomes(8, weights, plan_calls(len(weights)), 300)

    assert log10_at_least(seen[Outcome.BALANCED], 300, ALPHA) > ONCE_IN_A_MILLION
