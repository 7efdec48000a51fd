"""How often verdicts on looks err: made-up callers (`callers`), counted as proxies count them, with fixed seeds.

So few runs find what errs by much: of 100 runs at most 4 may be wrong where 1 in 1 000 should be, so a judge that errs
in 1 of 10 is found in 97 of 100 cases. `docs/evidence.md` measures the rates with many more.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from callers import Caller, at_random, looks, pinned, renewed, round_robin

from lbdemo.measure import Counts, Expectation, Outcome, judge
from lbdemo.measure.flows import FlowsVerdict, difference, judge_flows
from lbdemo.measure.intervals import log10_at_least

ONCE_IN_A_MILLION = -6.0
THIRDS = [1 / 3] * 3

Made = Callable[[random.Random], Sequence[Caller]]


def verdicts(
    made: Made, calls: int, runs: int, number: int = 13, tolerance: float = 0.2, error: float = 0.0,
    bias: Sequence[float] = (),
) -> list[FlowsVerdict]:  # fmt: skip
    found = []
    for seed in range(runs):
        rng = random.Random(seed)
        seen = looks(made(rng), rng, calls, number, error, bias)
        found.append(judge_flows(difference(seen), Expectation(tolerance=tolerance)))
    return found


def outcomes(made: Made, calls: int, runs: int, **how: float) -> Counter[Outcome]:
    return Counter(verdict.outcome for verdict in verdicts(made, calls, runs, **how))  # type: ignore[arg-type]


def hundred_pinned(rng: random.Random) -> Sequence[Caller]:
    return [pinned(3, rng.randrange(3)) for _ in range(100)]


def naively(verdict: FlowsVerdict) -> Outcome:
    """What two looks at the total would say, as if its calls were independent."""
    totals: Counter[str] = Counter()
    for flow in verdict.flows:
        totals.update(flow.totals)
    calls = sum(totals.values())
    return judge(Counts(calls, calls, (), tuple(totals.items())), Expectation()).outcome


def test_a_hundred_pinned_callers_are_never_balanced_though_their_totals_often_look_so() -> None:
    seen = verdicts(hundred_pinned, calls=4, runs=12)

    assert sum(naively(verdict) is Outcome.BALANCED for verdict in seen) > 2
    assert {verdict.outcome for verdict in seen} == {Outcome.PINNED}


def test_pinned_callers_of_an_even_total_are_pinned_from_two_looks_on() -> None:
    assert outcomes(lambda _: [pinned(3, n % 3) for n in range(99)], calls=20, runs=10, number=2) == {
        Outcome.PINNED: 10
    }


@pytest.mark.parametrize(("callers", "runs"), [(1, 100), (5, 25)])
def test_random_calls_are_balanced_where_the_plan_has_enough_of_them(callers: int, runs: int) -> None:
    seen = outcomes(lambda _: [at_random(THIRDS)] * callers, calls=360 // callers, runs=runs)

    assert seen[Outcome.BALANCED] >= 0.96 * runs
    assert seen.keys() <= {Outcome.BALANCED, Outcome.INCONCLUSIVE}


def test_round_robins_are_always_balanced_one_or_ten_of_them() -> None:
    for callers in (1, 10):
        assert outcomes(lambda _, n=callers: [round_robin(3, at % 3) for at in range(n)], 400 // callers, 20) == {  # type: ignore[misc]
            Outcome.BALANCED: 20
        }


@pytest.mark.parametrize(("callers", "runs"), [(1, 100), (5, 40)])
def test_shares_on_the_edge_of_the_band_are_hardly_ever_balanced(callers: int, runs: int) -> None:
    balanced = outcomes(lambda _: [at_random([0.4, 0.3, 0.3])] * callers, 400 // callers, runs)[Outcome.BALANCED]

    assert log10_at_least(balanced, runs, 0.001) > ONCE_IN_A_MILLION


def test_shares_off_by_half_are_unbalanced() -> None:
    assert outcomes(lambda _: [at_random([0.5, 0.25, 0.25])], calls=400, runs=50) == {Outcome.UNBALANCED: 50}


@pytest.mark.parametrize(("callers", "lasts"), [(1, 0.2), (1, 1), (1, 3), (2, 1), (3, 3), (20, 1)])
def test_connections_that_are_renewed_are_never_balanced(callers: int, lasts: float) -> None:
    seen = outcomes(lambda _: [renewed(3, lasts) for _ in range(callers)], calls=1200 // callers, runs=20)

    assert seen[Outcome.BALANCED] == 0


def test_a_caller_that_takes_turns_is_told_so() -> None:
    assert outcomes(lambda _: [renewed(3, 1)], calls=400, runs=40)[Outcome.IN_TURNS] >= 30


def test_many_callers_that_take_turns_are_in_turns_though_their_total_is_even() -> None:
    assert outcomes(lambda _: [renewed(3, 1) for _ in range(20)], calls=40, runs=10) == {Outcome.IN_TURNS: 10}


def test_a_quiet_service_is_never_judged() -> None:
    assert outcomes(lambda _: [at_random(THIRDS)] * 3, calls=1, runs=50) == {Outcome.INCONCLUSIVE: 50}


@pytest.mark.parametrize(
    ("shares", "bias"), [([0.5, 0.25, 0.25], (0.9, 1.1, 1.1)), ([1 / 6, 5 / 12, 5 / 12], (1.1, 0.9, 0.9))]
)
def test_an_error_of_10_percent_does_not_hide_shares_on_the_edge(shares: list[float], bias: tuple[float, ...]) -> None:
    seen = verdicts(lambda _: [at_random(shares)], 500, runs=100, tolerance=0.5, error=0.1, bias=bias)
    balanced = sum(verdict.outcome is Outcome.BALANCED for verdict in seen)

    assert log10_at_least(balanced, 100, 0.001) > ONCE_IN_A_MILLION


@pytest.mark.parametrize("bias", [(1.1, 0.9, 0.9), (0.9, 1.1, 1.1)])
def test_an_error_of_10_percent_accuses_no_fair_choice_and_lets_it_pass_at_a_tolerance_of_half(
    bias: tuple[float, ...],
) -> None:
    fair: Made = lambda _: [at_random(THIRDS)]  # noqa: E731

    strict = verdicts(fair, 500, runs=25, tolerance=0.2, error=0.1, bias=bias)
    wide = verdicts(fair, 300, runs=50, tolerance=0.5, error=0.1, bias=bias)

    assert {verdict.outcome for verdict in strict} == {Outcome.INCONCLUSIVE}
    assert {verdict.whole.verdict.reasons[0].code for verdict in strict} == {"source_too_coarse"}
    assert sum(verdict.outcome is Outcome.BALANCED for verdict in wide) >= 48
