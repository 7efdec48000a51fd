"""A plan runs in its order, side by side where it has none, and refuses steps that wait for each other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from graphlib import CycleError

import pytest
from fakes import FakeReporter, FakeRun, tools

from lbdemo.cluster.kernel.steps import Plan, Say, Tools, execute
from lbdemo.errors import OperationFailedError


@dataclass(frozen=True)
class Doing:
    """A step that calls something."""

    key: str
    what: Callable[[], object]
    after: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return self.key

    def commands(self, _: Tools) -> list[str]:
        return [f"do {self.key}"]

    def run(self, _: Tools, say: Say) -> str:
        say(self.key)
        self.what()
        return ""


def run(*steps: Doing) -> list[tuple[str, str]]:
    reporter = FakeReporter()
    execute(Plan(steps), tools(FakeRun()), reporter)
    return reporter.events


def test_steps_run_after_those_that_they_wait_for_whatever_their_place_in_the_list() -> None:
    story: list[str] = []
    order: dict[str, tuple[str, ...]] = {"c": ("b",), "b": ("a", "somebody else's"), "a": ()}

    run(*(Doing(key, partial(story.append, key), after) for key, after in order.items()))

    assert story == ["a", "b", "c"]


def test_steps_without_an_order_run_side_by_side() -> None:
    meeting = threading.Barrier(2, timeout=20)

    run(Doing("a", meeting.wait), Doing("b", meeting.wait))

    assert not meeting.broken


@pytest.mark.timeout(20)
def test_steps_that_wait_for_each_other_are_refused_before_anything_runs() -> None:
    story: list[str] = []

    def note() -> None:
        story.append("ran")

    with pytest.raises(CycleError):
        run(Doing("first", note), Doing("a", note, ("b", "first")), Doing("b", note, ("a",)))

    assert story == []


def test_after_a_failure_nothing_new_begins() -> None:
    story: list[str] = []

    def fail() -> None:
        raise OperationFailedError("no")

    with pytest.raises(OperationFailedError, match="no"):
        run(Doing("a", fail), Doing("b", lambda: story.append("b"), ("a",)))

    assert story == []
