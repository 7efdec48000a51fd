"""What becomes of a command whose output cannot be written, or is not read, however Python buffers it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from echo_server import LBDEMO, administered

from lbdemo.records import Sample, encode

BUFFERED, UNBUFFERED = "", "1"  # what PYTHONUNBUFFERED may be set to
WRITERS = [
    ("--version", BUFFERED), ("--help", UNBUFFERED), ("report --help", BUFFERED), ("report RUN", BUFFERED),
    ("report RUN --json", UNBUFFERED), ("client --rate 0 --count 3", BUFFERED),
]  # fmt: skip


class Ended(Protocol):
    def __call__(self, command: str, redirection: str, unbuffered: str = BUFFERED) -> tuple[int, str]: ...


@pytest.fixture(scope="module")
def target() -> Iterator[tuple[str, str]]:
    """Where a server answers calls, and where it answers its owner."""
    with administered("--name", "pod-a", "--drain", "0") as (_, address, admin):
        yield address, admin


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("run") / "run.jsonl"
    path.write_text("\n".join(encode(Sample(n, n / 100, n / 100, 0.001, "ab"[n % 2], "OK")) for n in range(2000)))
    return path


@pytest.fixture
def ended(recording: Path, target: tuple[str, str]) -> Ended:
    """Runs a command with bash's `redirection`; its exit code, and what came out on stderr."""

    def run(command: str, redirection: str, unbuffered: str = BUFFERED) -> tuple[int, str]:
        typed = " ".join([*LBDEMO, command.replace("RUN", str(recording)), redirection])
        environment = {
            **os.environ,
            "LBDEMO_TARGET": target[0],
            "LBDEMO_PEER_TARGET": target[1],
            "PYTHONUNBUFFERED": unbuffered,
        }
        argv = ["bash", "-c", f"{typed}; exit ${{PIPESTATUS[0]}}"]
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=30, check=False)
        return done.returncode, done.stderr

    return run


@pytest.mark.parametrize(("command", "unbuffered"), WRITERS)
def test_a_full_disk_behind_stdout_is_one_sentence_and_exit_code_5(ended: Ended, command: str, unbuffered: str) -> None:
    code, said = ended(command, "> /dev/full", unbuffered)

    assert code == 5
    assert said.splitlines() == [
        "error: cannot write to stdout: No space left on device",
        "hint: is its disk full, or is it open for reading only? send the output elsewhere",
    ]


def test_stdout_that_is_open_for_reading_only_is_the_same(ended: Ended) -> None:
    code, said = ended("report RUN", "1< /dev/null")

    assert (code, "error: cannot write to stdout" in said) == (5, True)


@pytest.mark.parametrize(("command", "unbuffered"), WRITERS)
def test_a_reader_who_leaves_at_once_is_no_failure(ended: Ended, command: str, unbuffered: str) -> None:
    code, said = ended(command, "| true", unbuffered)

    assert code == 0
    assert "pipe" not in said.lower()


@pytest.mark.parametrize("redirection", ["> /dev/full", "| true"])
def test_an_error_that_was_told_keeps_its_exit_code(ended: Ended, redirection: str) -> None:
    assert ended("report /nowhere", redirection)[0] == 2


def test_no_stays_the_answer_when_the_reader_has_left(ended: Ended) -> None:
    assert ended("report RUN --servers 3", "| true")[0] == 1


@pytest.mark.parametrize(
    ("command", "expected"), [("report RUN --servers 3", 1), ("report /nowhere", 2), ("nonsense", 2)]
)
def test_words_on_stderr_that_are_lost_change_no_answer(ended: Ended, command: str, expected: int) -> None:
    assert ended(command, "2> /dev/full")[0] == expected
    assert ended(command, "2>&1 > /dev/null | true")[0] == expected
