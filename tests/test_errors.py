from __future__ import annotations

import pytest

from lbdemo.errors import ProgramFailedError


@pytest.mark.parametrize(
    ("code", "words"),
    [(1, "failed with exit code 1"), (-9, "was ended by SIGKILL"), (-15, "was ended by SIGTERM"), (-99, "signal 99")],
)
def test_a_program_that_failed_is_told_with_how_it_ended(code: int, words: str) -> None:
    assert words in str(ProgramFailedError(["helm", "list"], code, "boom"))


@pytest.mark.parametrize(
    ("stderr", "last"),
    [("a\nerror: no file\n\n", "no file"), ("no file", "no file"), ("\n", "failed with exit code 3")],
)
def test_last_words_are_one_line(stderr: str, last: str) -> None:
    assert ProgramFailedError(["helm", "list"], 3, stderr).last_words == last
