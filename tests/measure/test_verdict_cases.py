"""The cases that the page's judge is held against are what Python's judge says today."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from verdict_cases import FILE, cases

from lbdemo.measure import Outcome

WRITTEN: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))


def close(one: Any, other: Any) -> bool:
    """The same, but for the last digits of a figure: another machine's logarithms may differ there."""
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(close(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(close, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return one == pytest.approx(other, rel=1e-5, abs=2e-6)
    return bool(one == other)


@pytest.mark.parametrize("kind", ["verdicts", "orders", "plans"])
def test_the_file_is_what_the_judge_says(kind: str) -> None:
    told = cases()[kind]

    assert len(told) == len(WRITTEN[kind])
    assert [now for was, now in zip(WRITTEN[kind], told, strict=True) if not close(was, now)] == []


def test_every_outcome_and_every_fingerprint_is_among_them() -> None:
    outcomes = Counter(case["verdict"]["outcome"] for case in WRITTEN["verdicts"])
    policies = Counter(case["verdict"]["fingerprint"] for case in WRITTEN["verdicts"])

    assert outcomes.keys() == {outcome.value for outcome in Outcome}
    assert min(outcomes.values()) >= 3, outcomes
    assert policies.keys() == {"", "round robin", "random-like", "skewed", "sticky", "in turns"}
