"""Time spans as people type them."""

from __future__ import annotations

import pytest

from lbdemo.durations import seconds, span
from lbdemo.errors import InputError


@pytest.mark.parametrize(
    ("text", "value"),
    [("90", 90), ("90s", 90), ("5m", 300), ("1h30m", 5400), ("250ms", 0.25), ("1.5s", 1.5), ("1e-3", 0.001)],
)
def test_durations(text: str, value: float) -> None:
    assert seconds(text) == span(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "0", "-1", "5 m", "m", "1d", "25h", "nan", "inf", "5m!"])
def test_bad_durations(text: str) -> None:
    with pytest.raises(InputError):
        seconds(text)


def test_a_span_may_be_nothing_long_or_a_number_already() -> None:
    assert (span("0"), span("0s"), span("25h"), span(3), span(0.5)) == (0, 0, 90_000, 3, 0.5)


@pytest.mark.parametrize("text", ["", "-1", "5 m", "nan", "inf", "soon"])
def test_a_span_is_no_other_word(text: str) -> None:
    with pytest.raises(InputError):
        span(text)
