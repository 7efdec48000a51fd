"""The name of a policy, where it hangs by a limit."""

from __future__ import annotations

import pytest

from lbdemo.measure.fingerprint import chi_square, fingerprint
from lbdemo.measure.order import Order

ALPHA = 0.001


@pytest.mark.parametrize(
    ("counts", "seen"), [((507, 493), ""), ((511, 489), "random-like"), ((500, 500), "round robin")]
)
def test_totals_alone_of_two_servers_prove_a_round_robin_only_where_they_are_exact(
    counts: tuple[int, int], seen: str
) -> None:
    dispersion = chi_square(counts)

    assert fingerprint(counts, dispersion, None, ALPHA) == seen


def test_chi_square_is_taken_against_the_parts_that_were_expected() -> None:
    assert chi_square((80, 20), (0.8, 0.2)) == 0.0
    assert chi_square((80, 20)) == pytest.approx(36.0)
    assert chi_square(()) == 0.0


def test_a_steady_but_uneven_spread_is_skewed_though_a_random_one_might_be_so_uneven() -> None:
    order = Order(("a", "b"), ((52, 48),) * 64)

    assert fingerprint(order.totals, chi_square(order.totals), order, ALPHA) == "skewed"


def test_a_steady_and_even_one_is_a_round_robin() -> None:
    order = Order(("a", "b"), ((50, 50),) * 64)

    assert fingerprint(order.totals, chi_square(order.totals), order, ALPHA) == "round robin"
