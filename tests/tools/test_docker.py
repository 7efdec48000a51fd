"""A build or a push is told as it goes on, fails with the daemon's words, and can be stopped while it says nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from lbdemo.errors import OperationFailedError
from lbdemo.tools.docker import Docker


class Daemon:
    """A daemon that answers a build with these events; what it raises in between is raised there."""

    def __init__(self, *events: Mapping[str, Any] | Exception, then: threading.Event | None = None) -> None:
        self.api = self
        self._events, self._then = events, then

    def build(self, **_: object) -> Iterator[Mapping[str, Any]]:
        for event in self._events:
            if isinstance(event, Exception):
                raise event
            yield event
        if self._then is not None:
            self._then.wait(20)


def build(daemon: Daemon, said: list[str]) -> None:
    def say(text: str) -> None:
        if text:
            said.append(text)

    Docker(daemon).build(b"", "echo:1", {}, say)


def test_the_builders_lines_are_told_without_its_noise() -> None:
    said: list[str] = []

    build(Daemon({"stream": "Step 1/2 : FROM x\n"}, {"stream": " ---> ab12\n"}, {"aux": {}}, {"stream": "done"}), said)

    assert said == ["Step 1/2 : FROM x", "done"]


def test_a_failed_build_has_the_builders_last_lines() -> None:
    with pytest.raises(OperationFailedError, match=r"the build of echo:1 failed: no\n  pip: oh"):
        build(Daemon({"stream": "pip: oh\n"}, {"error": "no"}), [])


def test_a_daemon_that_dies_on_the_way_is_an_error() -> None:
    with pytest.raises(OperationFailedError, match="connection lost"):
        build(Daemon({"stream": "Step 1"}, OSError("connection lost")), [])


def test_a_build_that_says_nothing_can_be_stopped() -> None:
    silent = threading.Event()

    def stop(text: str) -> None:
        if not text:
            raise KeyboardInterrupt

    try:
        with pytest.raises(KeyboardInterrupt):
            Docker(Daemon(then=silent)).build(b"", "echo:1", {}, stop)
        assert not silent.is_set()
    finally:
        silent.set()
