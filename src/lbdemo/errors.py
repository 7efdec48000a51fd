"""The error tree: every failure that a person can cause or meet, each with its exit code."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Sequence

OK = 0
ANSWER_IS_NO = 1
BAD_INPUT = 2
BUG = 3
MISSING_PROGRAM = 4
PROGRAM_FAILED = 5
NOT_READY = 6
CANNOT_TELL = 7
INTERRUPTED = 130


class LbdemoError(Exception):
    """Something went wrong that we can explain: what failed, and what to try next.

    `message` is one sentence (it may have further lines of detail); `hint` says what to do.
    """

    exit_code = BUG

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(LbdemoError):
    """An option, a name or a file is not usable; nothing was changed. Exit code 2."""

    exit_code = BAD_INPUT


class MissingProgramError(LbdemoError):
    """A program that the command needs is not installed, too old, or its daemon is away. Exit code 4."""

    exit_code = MISSING_PROGRAM


class ProgramFailedError(LbdemoError):
    """A program ran and failed. Exit code 5.

    `argv` is what was run, `code` its exit code, `stderr` all it wrote there; `stdout` what it gave before it failed.
    """

    exit_code = PROGRAM_FAILED
    STDERR_LINES = 12

    def __init__(self, argv: Sequence[str], code: int, stderr: str, hint: str = "") -> None:
        self.argv = tuple(argv)
        self.code = code
        self.stderr = stderr
        self.stdout = ""
        last = [line for line in stderr.strip().splitlines() if line.strip()][-self.STDERR_LINES :]
        lines = [f"{argv[0]} {_ending(code)}", f"  $ {shlex.join(argv)}", *(f"  {line}" for line in last)]
        super().__init__("\n".join(lines), hint)

    @property
    def last_words(self) -> str:
        """The last line that it wrote to stderr; how it ended where it wrote none."""
        *_, last = ["", *filter(None, map(str.strip, self.stderr.splitlines()))]
        return last.removeprefix("error: ") or _ending(self.code)


def _ending(code: int) -> str:
    """How a program ended: its exit code, or (negative, as Python's subprocess has it) the signal that ended it."""
    if code >= 0:
        return f"failed with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


class OperationFailedError(LbdemoError):
    """Something other than a program's call failed beyond repair, such as a push or a pod. Exit code 5."""

    exit_code = PROGRAM_FAILED


class NotReadyError(LbdemoError):
    """Something awaited did not come in time, or cannot come at all. Exit code 6.

    `awaited` says what, `last_state` what was seen last.
    """

    exit_code = NOT_READY

    def __init__(self, awaited: str, last_state: str, hint: str = "") -> None:
        self.awaited = awaited
        self.last_state = last_state
        super().__init__(f"{awaited}: {last_state}", hint)
