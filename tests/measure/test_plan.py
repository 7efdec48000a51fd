from __future__ import annotations

from math import comb

import pytest

from lbdemo.errors import InputError
from lbdemo.measure import gate_limit, plan_calls
from lbdemo.measure.intervals import log10_at_least, log10_at_most
from lbdemo.measure.plan import inside


def exact_power_for_two(calls: int, tolerance: float, alpha: float) -> float:
    """By its definition: the summed probability of all outcomes whose two tests prove shares inside the band."""
    chance = (1 - tolerance) / 2
    at_least = [comb(calls, n) * chance**n * (1 - chance) ** (calls - n) for n in range(calls + 1)]
    tails = [sum(at_least[n:]) for n in range(calls + 1)]
    fits = [n for n in range(calls + 1) if tails[n] <= alpha and tails[calls - n] <= alpha]
    return float(sum(comb(calls, n) for n in fits) / 2**calls)


@pytest.mark.parametrize(("servers", "about"), [(2, 880), (3, 1930), (5, 4040), (10, 9650)])
def test_the_plan_is_the_known_one(servers: int, about: int) -> None:
    assert plan_calls(servers) == pytest.approx(about, rel=0.02)


@pytest.mark.parametrize(("tolerance", "alpha", "power"), [(0.2, 0.01, 0.99), (0.3, 0.01, 0.9)])
def test_for_two_servers_the_plan_allows_for_overdispersion_by_chance_and_no_more(
    tolerance: float, alpha: float, power: float
) -> None:
    calls = plan_calls(2, tolerance, alpha, power)

    # Without that allowance, as many calls suffice, and four fifths of them do not.
    assert exact_power_for_two(calls, tolerance, alpha) >= power - 0.03
    assert exact_power_for_two(calls * 4 // 5, tolerance, alpha) < power


@pytest.mark.parametrize("alpha", [1e-12, 0.001, 0.9])
@pytest.mark.parametrize("tolerance", [0.01, 0.2, 0.9])
@pytest.mark.parametrize("calls", [1, 7, 333, 30_000])
def test_the_counts_that_prove_a_share_are_the_first_and_the_last_of_these(
    calls: int, tolerance: float, alpha: float
) -> None:
    fewest, most = inside(calls, 0.1, tolerance, alpha)

    enough = [10 ** log10_at_least(count, calls, 0.1 * (1 - tolerance)) <= alpha for count in (fewest - 1, fewest)]
    few = [10 ** log10_at_most(count, calls, 0.1 * (1 + tolerance)) <= alpha for count in (most, most + 1)]
    assert (enough, few) == ([False, True], [True, False])


def test_more_is_needed_for_more_servers_smaller_tolerances_and_stricter_tests() -> None:
    usual = plan_calls(3)

    assert plan_calls(4) > usual
    assert plan_calls(3, tolerance=0.1) > usual
    assert plan_calls(3, alpha=0.0001) > usual
    assert plan_calls(3, power=0.999) > usual


def test_for_one_server_there_is_still_something_to_see() -> None:
    assert plan_calls(1) == 100


@pytest.mark.parametrize("tolerance", [0.01, 0.9])
@pytest.mark.parametrize("servers", [2, 3, 1000])
def test_the_extremes_have_a_plan(servers: int, tolerance: float) -> None:
    assert plan_calls(servers, tolerance) >= servers


@pytest.mark.parametrize("servers", [-1, 0, 1001])
def test_impossible_numbers_of_servers_are_refused(servers: int) -> None:
    with pytest.raises(InputError, match="number of servers"):
        plan_calls(servers)
    with pytest.raises(InputError, match="number of servers"):
        gate_limit(servers)


@pytest.mark.parametrize("tolerance", [-0.2, 0.0, 0.001, 1.0, 20.0, float("nan")])
def test_unusable_tolerances_are_refused(tolerance: float) -> None:
    with pytest.raises(InputError, match="tolerance"):
        plan_calls(3, tolerance)


@pytest.mark.parametrize("value", [-0.1, 0.0, 1.0, 5.0, float("nan")])
def test_what_is_no_probability_is_refused(value: float) -> None:
    with pytest.raises(InputError, match="alpha"):
        plan_calls(3, alpha=value)
    with pytest.raises(InputError, match="power"):
        plan_calls(3, power=value)
    with pytest.raises(InputError, match="miss"):
        gate_limit(3, value)


def probability_of_a_miss(servers: int, calls: int) -> float:
    """Inclusion and exclusion over the sets of servers that were not seen."""
    return float(
        sum((-1) ** (n + 1) * comb(servers, n) * ((servers - n) / servers) ** calls for n in range(1, servers))
    )


@pytest.mark.parametrize("servers", [2, 3, 5, 10])
@pytest.mark.parametrize("miss", [0.01, 1e-6])
def test_the_gate_is_as_long_as_a_fair_choice_needs_to_show_all(servers: int, miss: float) -> None:
    limit = gate_limit(servers, miss)

    assert probability_of_a_miss(servers, limit) <= miss * (1 + 1e-9)
    assert probability_of_a_miss(servers, limit - 1) > miss * 0.99


def test_one_server_is_seen_by_one_call() -> None:
    assert gate_limit(1) == 1
