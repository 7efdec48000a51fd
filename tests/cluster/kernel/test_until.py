"""One wait: it ends with what is awaited, with the time, or with another step's failure."""

from __future__ import annotations

import pytest
from fakes import FakeClock, FakeRun, tools

from lbdemo.cluster.kernel.steps import StoppedError
from lbdemo.cluster.kernel.until import until_over
from lbdemo.errors import NotReadyError


def late(names: list[str]) -> NotReadyError:
    return NotReadyError("still there", ", ".join(names))


def test_it_ends_when_nothing_is_awaited_any_more_and_tells_of_each_look_before() -> None:
    looks = [["a", "b"], ["b"], []]
    said: list[list[str]] = []

    until_over(tools(FakeRun()), lambda: looks.pop(0), late, timeout=60, interval=1, say=said.append)

    assert (said, looks) == ([["a", "b"], ["b"]], [])


def test_when_its_time_is_over_the_last_look_is_told() -> None:
    looks = [["a", "b"], ["b"], ["b"], ["b"], ["b"]]

    with pytest.raises(NotReadyError, match="still there") as raised:
        until_over(tools(FakeRun(), FakeClock(step=5)), lambda: looks.pop(0), late, timeout=10, interval=1)

    assert str(raised.value).endswith("b")
    assert "a, b" not in str(raised.value)


def test_another_steps_failure_ends_it() -> None:
    means = tools(FakeRun())
    means.stop.set()

    with pytest.raises(StoppedError):
        until_over(means, lambda: ["a"], late, timeout=60, interval=1)
