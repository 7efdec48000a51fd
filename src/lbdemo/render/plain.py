"""Steps as they go, as plain lines; without rich, whose import costs 0.1 s."""

from __future__ import annotations

import contextlib
import threading
from typing import TextIO


class PlainProgress:
    """A line when a step ends, and one whenever a running step has something new to say."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._said: dict[str, str] = {}

    def __enter__(self) -> PlainProgress:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held."""

    def started(self, key: str, title: str) -> None:
        """Nothing to say yet: most steps end soon."""

    def progress(self, key: str, text: str) -> None:
        """Says it once."""
        with self._lock:
            if self._said.get(key) != text:
                self._said[key] = text
                self._print(f"  {text}")

    def finished(self, key: str, title: str, seconds: float, note: str) -> None:
        """The step's one line."""
        self._print(f"ok    {title}{f' ({note})' if note else ''}  {seconds:.1f} s")

    def failed(self, key: str, title: str, seconds: float) -> None:
        """The step's one line; what failed follows as the error."""
        self._print(f"FAIL  {title}  {seconds:.1f} s")

    def _print(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # who does not read on does not stop the work
            print(line, file=self._stream, flush=True)
