from __future__ import annotations

import pytest

from lbdemo.records.sequence import SequenceCheck


def found(numbers: list[int], processes: int = 1) -> tuple[int, int]:
    check = SequenceCheck(processes)
    for number in numbers:
        check.add([number])
    return check.missing, check.repeated


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [([], (0, 0)), ([7], (0, 0)), ([2, 1, 3], (0, 0)), ([1, 2, 5], (2, 0)), ([1, 1, 2, 2, 3], (0, 2))],
)
def test_numbers_that_are_missing_or_there_twice_are_counted(numbers: list[int], expected: tuple[int, int]) -> None:
    assert found(numbers) == expected


def test_a_process_that_gets_further_than_another_leaves_no_gap() -> None:
    fast, slow = list(range(4, 200, 2)), list(range(5, 101, 2))

    assert found(fast + slow, processes=2) == (0, 0)
    assert found(fast + slow)[0] > 0, "of one process they would be missing"


def test_a_gap_within_one_of_several_processes_is_seen() -> None:
    assert found([4, 8, 5, 7, 9, 9], processes=2) == (1, 1)


def test_the_gate_of_several_processes_is_that_of_one() -> None:
    check = SequenceCheck(3)
    for number in range(5):
        check.add_gate(number)

    check.add([5, 6, 7, 8, 9])

    assert (check.missing, check.repeated) == (0, 0)
