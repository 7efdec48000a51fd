from __future__ import annotations

from typing import Any

import pytest
from diagnose.causes.said import found, silent, texts
from diagnose.shops import NAMES, aged, at_once, begun, caller, held, service, shop

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


def pool(*counts: int, ready: tuple[float, ...] = (60, 10, 10), began: float = 30, **about: Any) -> Evidence:
    """A caller with connections through a cluster IP, and pods that became ready so many minutes ago."""
    segments = {name: {"10.0.1.1": 9 * count} for name, count in zip(NAMES, counts, strict=True) if count}
    return shop(held(*counts), callers=[begun(caller("checkout"), began)], pods=at_once(*ready), segments=segments,
                about=service(**about))  # fmt: skip


def test_pods_that_came_when_the_connections_were_made_get_none_of_them() -> None:
    said = found(cause, pool(6, 0, 0))

    assert said.sentence.startswith("Connections stay where they were made: payments-b and payments-c came later")
    assert "became ready only after checkout had begun, and after payments-a" in texts(said)
    assert "connections: payments-a 6, payments-b 0 and payments-c 0" in texts(said)
    assert (said.explains, said.possible) == (1.0, False)
    assert said.fixes[2].commands == ("kubectl -n shop rollout restart deployment/checkout",)


def test_where_chance_does_that_often_it_is_possible_only() -> None:
    assert found(cause, pool(2, 1, 0, ready=(60, 60, 10))).possible
    assert not found(cause, pool(5, 4, 0, ready=(60, 60, 10))).possible


@pytest.mark.parametrize(
    "evidence",
    [
        pool(6, 0, 0, ready=(60, 60, 60)), pool(6, 0, 0, ready=(60, 60, 10)), pool(6, 0, 0, ready=(10, 10, 10)),
        pool(6, 0, 0, began=5), pool(6, 1, 1), pool(6, 0, 0, sticky=True), pool(6, 0, 0, headless=True),
        pool(1, 0, 0),
    ],
    ids=["all were ready", "one was", "all became ready together", "the caller began later", "they have some",
         "affinity", "the client sees pods", "one connection"],
)  # fmt: skip
def test_else_pods_without_connections_have_another_cause(evidence: Evidence) -> None:
    assert silent(cause, evidence)


def test_a_node_may_learn_of_a_pod_a_moment_later() -> None:
    assert found(cause, pool(6, 0, 0, ready=(60, 30.02, 30.02)))
    assert silent(cause, pool(6, 0, 0, ready=(60, 30.1, 30.1)))
