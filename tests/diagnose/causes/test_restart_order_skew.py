from __future__ import annotations

from diagnose.causes.said import found, silent, texts
from diagnose.shops import NAMES, aged, caller, held, shop

from lbdemo.diagnose.causes.restart_order_skew import at_most, cause
from lbdemo.diagnose.evidence import Evidence


def seen(*counts: int, ages: tuple[float, ...] = (60, 40, 20)) -> Evidence:
    segments = {name: {"10.0.1.1": 5 * count} for name, count in zip(NAMES, counts, strict=True)}
    return shop(held(*counts), callers=[caller("checkout")], headless=True, pods=aged(ages), segments=segments)


def test_the_older_the_pod_the_more_connections() -> None:
    said = found(cause, seen(16, 8, 2))

    assert said.explains == 1.0
    assert "payments-a 16, payments-b 8 and payments-c 2" in texts(said)


def test_the_order_is_that_of_ages_not_of_names() -> None:
    assert "payments-c 16, payments-b 8 and payments-a 2" in texts(found(cause, seen(2, 8, 16, ages=(20, 40, 60))))


def test_another_order_is_another_case() -> None:
    assert silent(cause, seen(8, 16, 2))


def test_a_slight_slope_is_none() -> None:
    assert silent(cause, seen(220, 180, 140)), "no chance, and not twice as many"


def test_what_chance_may_do_is_no_slope() -> None:
    assert silent(cause, seen(8, 5, 4))


def test_the_chance_is_a_binomial_one() -> None:
    assert at_most(0, 3, 2) == 0.125
    assert at_most(3, 3, 2) == 1.0
