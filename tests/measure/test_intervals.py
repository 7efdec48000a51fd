from __future__ import annotations

from fractions import Fraction
from itertools import accumulate
from math import comb, exp, log, log10

import pytest

from lbdemo.measure import chi_square_tail, log10_chi_square_tail, simultaneous_z, wilson
from lbdemo.measure.intervals import log10_at_least, log10_at_most


@pytest.mark.parametrize(
    ("calls", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_intervals_are_the_published_ones(calls: int, of: int, low: float, high: float) -> None:
    # R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998),
    # table I, method 3 (score interval without continuity correction), 95 %.
    interval = wilson(calls, of, simultaneous_z(0.05, 1))

    assert interval == pytest.approx((low, high), abs=5e-5)


def test_the_ends_of_an_interval_solve_the_score_equation() -> None:
    # Wilson's interval is the set of shares that the score test does not reject: at its ends |share - p| = z * s(p).
    z = simultaneous_z(0.001, 5)

    for end in wilson(700, 4766, z):
        assert abs(700 / 4766 - end) == pytest.approx(z * (end * (1 - end) / 4766) ** 0.5)


def test_all_and_none_reach_exactly_to_the_ends() -> None:
    assert wilson(0, 1000, 3.3)[0] == 0.0
    assert wilson(1000, 1000, 3.3)[1] == 1.0


def test_of_nothing_any_share_is_possible() -> None:
    assert wilson(0, 0, 3.3) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("alpha", "intervals", "z"),
    [
        (0.05, 1, 1.959964),
        (0.01, 1, 2.575829),
        (0.05, 5, 2.575829),
        (0.001, 1, 3.290527),
        (0.01, 10, 3.290527),
    ],
)
def test_normal_quantiles_are_those_of_the_tables(alpha: float, intervals: int, z: float) -> None:
    # Two-sided 5 %, 1 % and 0.1 %: any table of the normal distribution; Bonferroni divides alpha.
    assert simultaneous_z(alpha, intervals) == pytest.approx(z, abs=1e-6)


@pytest.mark.parametrize(
    ("degrees", "critical", "tail"),
    [
        (1, 3.841, 0.05),
        (1, 10.828, 0.001),
        (2, 5.991, 0.05),
        (4, 18.467, 0.001),
        (9, 27.877, 0.001),
        (10, 4.865, 0.90),
        (10, 18.307, 0.05),
        (30, 14.953, 0.99),
        (100, 124.342, 0.05),
        (100, 149.449, 0.001),
    ],
)
def test_chi_square_tails_are_those_of_the_tables(degrees: int, critical: float, tail: float) -> None:
    # NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.4, critical values rounded to three decimals.
    assert chi_square_tail(critical, degrees) == pytest.approx(tail, rel=1e-3)


@pytest.mark.parametrize("half", [0.01, 1.0, 2.9, 3.1, 50.0, 700.0, 6907.755])
def test_for_even_degrees_the_tail_is_a_poisson_sum(half: float) -> None:
    # With 2m degrees of freedom the tail is exp(-x/2) * sum over i < m of (x/2)^i / i!, exactly.
    assert log10_chi_square_tail(2 * half, 2) == pytest.approx(-half / log(10), rel=1e-12)
    assert log10_chi_square_tail(2 * half, 6) == pytest.approx(
        (-half + log(1 + half + half**2 / 2)) / log(10), rel=1e-10, abs=1e-15
    )


def test_tails_far_below_the_smallest_float_have_their_logarithm() -> None:
    assert log10_chi_square_tail(2 * 3000 * log(10), 2) == pytest.approx(-3000)
    assert chi_square_tail(2 * 3000 * log(10), 2) == 0.0
    assert log10_at_least(10_000, 10_000, 0.5) == pytest.approx(-10_000 * log10(2))


def test_no_deviation_at_all_is_always_reached() -> None:
    assert log10_chi_square_tail(0.0, 3) == 0.0


@pytest.mark.parametrize(("of", "chance"), [(1, 0.5), (20, 0.5), (50, 0.125), (61, 0.9), (200, 0.25)])
def test_binomial_tails_are_the_exact_sums(of: int, chance: float) -> None:
    p = Fraction(chance)
    weights = [comb(of, n) * p**n * (1 - p) ** (of - n) for n in range(of + 1)]
    at_most = list(accumulate(weights))

    for calls in range(of + 1):
        assert 10 ** log10_at_least(calls, of, chance) == pytest.approx(
            float(1 - at_most[calls] + weights[calls]), rel=1e-9
        )
        assert 10 ** log10_at_most(calls, of, chance) == pytest.approx(float(at_most[calls]), rel=1e-9)


def test_impossible_counts_have_no_probability() -> None:
    assert 10 ** log10_at_least(11, 10, 0.5) == 0.0
    assert 10 ** log10_at_most(-1, 10, 0.5) == 0.0
    assert exp(log10_at_least(0, 10, 0.5)) == 1.0
