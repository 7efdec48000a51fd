from __future__ import annotations

import pytest

from lbdemo.words import count, duration, listing, once_in, percent


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, "0.00 µs"),
        (0.000_000_5, "0.50 µs"),
        (0.000_85, "850 µs"),
        (0.000_999_6, "1.00 ms"),
        (0.001_239, "1.24 ms"),
        (0.0123, "12.3 ms"),
        (0.9996, "1.00 s"),
        (59.9, "59.9 s"),
        (59.99, "1 min 0 s"),
        (125, "2 min 5 s"),
        (3599.6, "1 h 0 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations_have_three_digits_and_the_fitting_unit(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (1 / 3, "33.3 %"),
        (0.0001, "0.01 %"),
        (0.99996, "99.996 %"),
        (0.9994, "99.9 %"),
    ],
)
def test_a_share_is_never_rounded_to_all_or_nothing(share: float, said: str) -> None:
    assert percent(share) == said


@pytest.mark.parametrize(
    ("log10_probability", "said"),
    [
        (0.0, "nearly always"),
        (-0.30103, "once in 2 tries"),
        (-3.1, "once in 1,259 tries"),
        (-6.0, "once in 10^6 tries"),
        (-285.7, "once in 10^285 tries"),
        (-3000.0, "once in 10^3000 tries"),
        (float("-inf"), "never"),
    ],
)
def test_odds_are_frequencies(log10_probability: float, said: str) -> None:
    assert once_in(log10_probability) == said


def test_counts_have_their_noun() -> None:
    assert [count(n, "call") for n in (0, 1, 12_600)] == ["0 calls", "1 call", "12,600 calls"]


def test_long_lists_are_cut() -> None:
    assert [listing("abcdefg"[:n]) for n in (0, 1, 2, 4, 7)] == [
        "",
        "a",
        "a and b",
        "a, b, c and d",
        "a, b, c, d and 3 more",
    ]
