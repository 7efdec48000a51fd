"""Standard output and error: made ready before a word is written, and emptied in the one error gate."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from lbdemo import errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import ReadableBuffer

# A full disk, a quota, a limit on a file's size, a device that fails, and a descriptor that is open for reading only.
UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})


class Unfailing(io.FileIO):
    """A file in which what cannot be written is lost: words on stderr change neither the work nor the answer."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Writes what can be written; raises nothing for what cannot."""
        with contextlib.suppress(OSError):
            return super().write(data)
        return memoryview(data).nbytes


def prepare() -> None:
    """Makes stdout and stderr fit for every word, whatever the caller left of them."""
    sys.stdout, sys.stderr = sys.stdout or nowhere(), sys.stderr or nowhere()  # a caller may have closed them
    if isinstance(sys.stderr, io.TextIOWrapper):
        lasting = io.BufferedWriter(Unfailing(sys.stderr.fileno(), "w", closefd=False))
        sys.stderr = io.TextIOWrapper(lasting, encoding=sys.stderr.encoding, line_buffering=True)
    for stream in (sys.stdout, sys.stderr):  # a terminal that knows only ASCII gets "?" for what it cannot show
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    if os.environ.get("COLUMNS") == "0":  # some who start programs know no better; it means "as wide as it is"
        del os.environ["COLUMNS"]


def nowhere() -> io.TextIOWrapper:
    """A stream whose words nobody hears."""
    return io.TextIOWrapper(io.FileIO(os.devnull, "w"))


def colour(stream: Any) -> bool:
    """Whether `stream` wants colour: a terminal, and NO_COLOR (https://no-color.org) is not set."""
    return bool(stream.isatty()) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def silence_stdout() -> int:
    """The reader of our output has left (`| head`): nothing is wrong, and nobody listens."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return errors.OK


def unwritable(error: OSError) -> errors.OperationFailedError:
    """The failure to write to stdout, as an error of ours."""
    hint = "is its disk full, or is it open for reading only? send the output elsewhere"
    return errors.OperationFailedError(f"cannot write to stdout: {error.strerror}", hint)


def emptied(code: int, explain: Callable[[errors.LbdemoError], int]) -> int:
    """The exit code, once stdout is flushed: Python would do it too late to say a word, and exit with 120.

    An error that was told before keeps its code. From here on Ctrl-C changes nothing: the answer is given.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        silence_stdout()
    except OSError as error:
        silence_stdout()
        return explain(unwritable(error)) if code in {errors.OK, errors.ANSWER_IS_NO} else code
    return code
