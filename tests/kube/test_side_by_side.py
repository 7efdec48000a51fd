"""Asking several things at once."""

from __future__ import annotations

import threading

import pytest

from lbdemo.errors import InputError
from lbdemo.kube.side_by_side import each, together


def test_answers_come_in_the_order_of_the_questions() -> None:
    assert together(lambda: 1, lambda: "two", lambda: None) == [1, "two", None]


def test_questions_do_not_wait_for_each_other() -> None:
    meeting = threading.Barrier(2)

    assert sorted(together(lambda: meeting.wait(5), lambda: meeting.wait(5))) == [0, 1]


def test_the_first_questions_error_is_raised() -> None:
    def fail(message: str) -> None:
        raise InputError(message)

    with pytest.raises(InputError, match="second"):
        together(lambda: 1, lambda: fail("second"), lambda: fail("third"))


def test_many_questions_of_one_kind_are_answered_in_their_order_too() -> None:
    assert each(lambda number: number * 2, range(100), at_once=3) == list(range(0, 200, 2))
