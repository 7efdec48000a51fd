"""The runner, on real little programs."""

from __future__ import annotations

import os
import sys
import threading
import time

import pytest

from lbdemo.errors import MissingProgramError, ProgramFailedError
from lbdemo.tools.runner import Runner

pytestmark = pytest.mark.forks


def test_it_returns_all_of_a_large_output() -> None:
    out = Runner().run([sys.executable, "-c", "print('x' * 3_000_000)"], timeout=30)

    assert len(out) == 3_000_001


def test_stdin_reaches_the_program() -> None:
    assert Runner().run(["cat"], stdin="a\nb\n", timeout=5) == "a\nb\n"


def test_output_that_is_not_utf_8_is_no_error() -> None:
    assert "ok" in Runner().run(["printf", r"\377ok"])


def test_a_failure_carries_the_command_its_code_and_all_of_stderr() -> None:
    long = "e" * 2000

    with pytest.raises(ProgramFailedError) as caught:
        Runner().run(["sh", "-c", f"echo {long} >&2; exit 7"])

    assert caught.value.code == 7
    assert long in caught.value.stderr
    assert "exit 7" in caught.value.message


def test_a_missing_program_is_named() -> None:
    with pytest.raises(MissingProgramError, match="no-such-program is not on the PATH"):
        Runner().run(["no-such-program"])


def test_a_program_that_takes_too_long_is_ended() -> None:
    begun = time.monotonic()

    with pytest.raises(ProgramFailedError, match=r"ended after 0\.2 s") as caught:
        Runner().run(["sleep", "60"], timeout=0.2)

    assert caught.value.code == 124
    assert time.monotonic() - begun < 5


def test_cancel_ends_a_rest() -> None:
    runner = Runner()
    runner.rest(0)
    threading.Timer(0.1, runner.cancel).start()

    with pytest.raises(KeyboardInterrupt):
        runner.rest(60)


def test_cancel_ends_what_runs_and_lets_nothing_start() -> None:
    runner = Runner()
    threading.Timer(0.2, runner.cancel).start()

    with pytest.raises(KeyboardInterrupt):
        runner.run(["sleep", "60"])
    with pytest.raises(KeyboardInterrupt):
        runner.run(["true"])


def test_a_stream_gives_lines_as_they_come_and_its_child_dies_with_it() -> None:
    lines = Runner().stream(["sh", "-c", "echo $$; echo two; exec sleep 60"])
    pid = int(next(lines))
    assert next(lines) == "two"

    lines.close()  # type: ignore[attr-defined]

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_stream_that_fails_says_so_after_its_last_line() -> None:
    lines = Runner().stream(["sh", "-c", "echo one; echo why >&2; exit 3"])

    assert next(lines) == "one"
    with pytest.raises(ProgramFailedError, match="why"):
        next(lines)


def test_every_call_can_be_traced_as_a_line_to_paste() -> None:
    said: list[str] = []

    Runner(said.append).run(["printf", "a b"])
    Runner(said.append).run(["cat"], stdin="x")

    assert said == ["printf 'a b'", "cat <<'EOF'\nx\nEOF"]
