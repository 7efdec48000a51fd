"""How the calls lay in time, on rows whose figures can be worked out by hand."""

from __future__ import annotations

import pytest

from lbdemo.measure.order import Order, batches_for, overdispersion

TWO = ("a", "b")
TURNS = ((60, 40), (40, 60)) * 4  # each row is off by 10 of 50: phi = 8 * 4 / 7
LONG_TURNS = (*((60, 40),) * 8, *((40, 60),) * 8) * 4


def test_phi_is_chi_square_over_its_degrees_of_freedom() -> None:
    assert overdispersion(((3, 1), (1, 3))) == pytest.approx(2.0)
    # Six cells are off by 1 of 3: chi-square 2, and two rows of three servers leave (2 - 1)(3 - 1) degrees.
    assert overdispersion(((4, 2, 3), (2, 4, 3))) == pytest.approx(4 / 3 / 2)
    assert overdispersion(TURNS) == pytest.approx(32 / 7)


def test_phi_asks_for_steadiness_not_for_fairness() -> None:
    assert overdispersion(((80, 20),) * 8) == 0.0


@pytest.mark.parametrize("rows", [(), ((5, 5),), ((5, 0), (7, 0)), ((0, 0), (5, 5))])
def test_one_row_or_one_server_has_no_phi(rows: tuple[tuple[int, ...], ...]) -> None:
    assert overdispersion(rows) is None


def test_lumpy_calls_say_less_by_phi_and_by_what_is_not_known_of_it() -> None:
    # Student's t with 7 degrees of freedom is exceeded in one of 1,000 cases from 4.785 on, the normal from 3.090.
    assert Order(TWO, TURNS).inflation(0.001) == pytest.approx(32 / 7 * (4.785 / 3.090) ** 2, rel=0.02)


def test_traffic_that_sticks_for_longer_than_a_batch_says_still_less() -> None:
    phi_of_eight_together = 8 * (80 * 80 / 400 * 2) / 7

    assert Order(TWO, LONG_TURNS).inflation(0.001) > phi_of_eight_together


def test_what_batches_put_together_show_by_chance_changes_nothing() -> None:
    one, other = (*((53, 47),) * 5, *((54, 46),) * 3), (*((47, 53),) * 5, *((46, 54),) * 3)
    leaning = (*one, *other) * 4  # eight together: chi-square 29.2 of 7 degrees, once in 7,000 cases

    assert Order(TWO, leaning).inflation(0.001) == 1.0


def test_steady_calls_say_no_more_than_their_number() -> None:
    assert Order(TWO, ((50, 50),) * 8).inflation(0.001) == 1.0


def test_batches_of_one_server_each_are_turns_also_without_neighbours_on_a_connection() -> None:
    assert Order(TWO, ((100, 0), (0, 100)) * 8).in_turns
    assert not Order(TWO, ((80, 20), (20, 80)) * 8).in_turns


def test_long_runs_on_a_connection_are_turns_however_even_the_batches() -> None:
    rows, two = ((52, 48), (48, 52)) * 8, ((400, 400), (400, 400))

    assert Order(TWO, rows, two, pairs=1598, same=1570).in_turns
    assert not Order(TWO, rows, two, pairs=1598, same=800).in_turns


@pytest.mark.parametrize(("same", "stickiness"), [(100, 1.0), (50, 0.0), (0, -1.0)])
def test_stickiness_is_what_goes_beyond_chance(same: int, stickiness: float) -> None:
    assert Order(TWO, ((25, 25), (26, 25)), pairs=100, same=same).stickiness == pytest.approx(stickiness, abs=0.001)


@pytest.mark.parametrize(("calls", "servers", "batches"), [(10**6, 2, 64), (320, 10, 8), (400, 10, 10), (1, 1, 8)])
def test_batches_are_many_but_hold_some_rounds_each(calls: int, servers: int, batches: int) -> None:
    assert batches_for(calls, servers) == batches
