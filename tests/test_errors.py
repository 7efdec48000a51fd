from __future__ import annotations

import pytest

from lbdemo.errors import ProgramFailedError


@pytest.mark.parametrize(
    ("code", "words"),
    [(1, "failed with exit code 1"), (-9, "was ended by SIGKILL"), (-15, "was ended by SIGTERM"), (-99, "signal 99")],
)
def test_a_program_that_failed_is_told_with_how_it_ended(code: int, words: str) -> None:
    assert words in str(ProgramFailedError(["helm", "list"], code, "boom"))
