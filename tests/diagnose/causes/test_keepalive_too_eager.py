from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.causes.said import found, silent, texts
from diagnose.causes.test_connections_end_too_soon import CHECKOUT, renewed

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.causes.keepalive_too_eager import cause
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.findings import CannotTell
from lbdemo.diagnose.looks import ClientLook


def logged(every: int, sent_away: int | None) -> Evidence:
    """A caller whose connection is another one after so many looks, and whose log says so often that it was refused."""
    return replace(renewed(every), clients=(ClientLook(CHECKOUT.name, sent_away=sent_away),))


def test_a_log_and_connections_that_end_are_certain_together() -> None:
    said = found(cause, logged(2, 3))

    assert "checkout says so 3 times" in texts(said)
    assert "ended while it was watched" in texts(said)
    assert not said.possible


def test_a_log_alone_may_speak_of_another_server() -> None:
    assert found(cause, logged(12, 1)).possible


@pytest.mark.parametrize(("every", "sent_away"), [(2, 0), (12, 0), (12, None)])
def test_without_such_words_nothing_is_said(every: int, sent_away: int | None) -> None:
    assert silent(cause, logged(every, sent_away))


def test_a_log_that_cannot_be_read_would_be_needed_where_connections_end() -> None:
    (said,) = cause(Case(logged(2, None)))

    assert isinstance(said, CannotTell)
    assert "the log of checkout" in said.because
