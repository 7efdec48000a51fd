from __future__ import annotations

from typing import Any

import pytest
from diagnose.causes.said import commands, found, silent, texts
from diagnose.shops import NAMES, at_once, begun, caller, held, service, shop

from lbdemo.diagnose.causes.few_callers import cause
from lbdemo.diagnose.evidence import Evidence, Surroundings

POOL = caller("checkout")


def seen(*counts: int, **about: Any) -> Evidence:
    segments = {name: {"10.0.1.1": 9 * count} for name, count in zip(NAMES, counts, strict=True)}
    return shop(held(*counts), callers=[POOL], about=service(**about), segments=segments)


def test_a_pool_a_little_larger_than_the_pods_is_left_to_chance() -> None:
    said = found(cause, seen(6, 2, 1))

    assert said.explains == 1.0
    assert "9 connections to 3 pods" in said.sentence
    assert "payments-a 6, payments-b 2 and payments-c 1" in texts(said)
    assert "kubectl -n shop rollout restart deployment/checkout" in commands(said)


@pytest.mark.parametrize("counts", [(1, 1, 0), (30, 10, 2)], ids=["fewer than pods", "many"])
def test_fewer_and_many_more_connections_are_other_cases(counts: tuple[int, ...]) -> None:
    assert silent(cause, seen(*counts))


def test_chance_may_have_been_kind() -> None:
    assert silent(cause, seen(3, 3, 3))


def test_pods_that_were_not_ready_when_the_connections_were_made_are_left_out_by_no_chance() -> None:
    assert found(cause, seen_at(60, 60, 60))
    assert silent(cause, seen_at(60, 10, 10))


def seen_at(*minutes: float) -> Evidence:
    """A caller that began half an hour ago, all of whose six connections lead to one pod."""
    segments = {"payments-a": {"10.0.1.1": 54}}
    return shop(held(6, 0, 0), callers=[begun(POOL, 30)], segments=segments, pods=at_once(*minutes))


def test_headless_and_sticky_services_are_other_cases() -> None:
    assert silent(cause, seen(6, 2, 1, headless=True))
    assert silent(cause, seen(6, 2, 1, sticky=True))


def test_a_caller_that_sees_the_pods_by_another_name_beside_one_that_is_pinned_is_not_left_to_chance() -> None:
    looks = {"payments-a": {"10.0.1.1": 1, "10.0.1.2": 1}, "payments-b": {"10.0.1.1": 1}, "payments-c": {"10.0.1.1": 1}}
    segments = {"payments-a": {"10.0.1.1": 9, "10.0.1.2": 90}, "payments-b": {"10.0.1.1": 9},
                "payments-c": {"10.0.1.1": 9}}  # fmt: skip
    both = [POOL, caller("pinned", 2)]
    alone = shop(looks, callers=both, segments=segments)
    beside = shop(looks, callers=both, segments=segments,
                  surroundings=Surroundings(services=(service("payments-pods", headless=True),)))  # fmt: skip

    assert found(cause, alone)
    assert silent(cause, beside)
