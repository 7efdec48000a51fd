from __future__ import annotations

import pytest

from lbdemo.records.sequence import SequenceCheck


def found(numbers: list[int]) -> tuple[int, int]:
    check = SequenceCheck()
    for number in numbers:
        check.add([number])
    return check.missing, check.repeated


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [([], (0, 0)), ([7], (0, 0)), ([2, 1, 3], (0, 0)), ([1, 2, 5], (2, 0)), ([1, 1, 2, 2, 3], (0, 2))],
)
def test_numbers_that_are_missing_or_there_twice_are_counted(numbers: list[int], expected: tuple[int, int]) -> None:
    assert found(numbers) == expected
