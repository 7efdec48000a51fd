"""A plan is a list of steps with an order between some of them; what has no order runs side by side."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Protocol

from lbdemo.errors import LbdemoError
from lbdemo.kube.api import Api
from lbdemo.tools.helm import Helm
from lbdemo.tools.kubectl import Kubectl, Run

if TYPE_CHECKING:
    from lbdemo.tools.docker import Docker  # importing it costs 0.2 s

Say = Callable[[str], None]
"""Tells a running step's progress; raises StoppedError when the step is to stop."""

WORKERS = 4  # steps at once: two releases, the image, Istio


class Reporter(Protocol):
    """Who is told what happens. Called from several threads."""

    def started(self, key: str, title: str) -> None:
        """A step begins."""

    def progress(self, key: str, text: str) -> None:
        """What a running step is doing just now."""

    def finished(self, key: str, title: str, seconds: float, note: str) -> None:
        """A step ended well; `note` says what came of it."""

    def failed(self, key: str, title: str, seconds: float) -> None:
        """A step failed, or was cut short."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The programs that steps call, and how they learn that they should stop."""

    run: Run  # for a cluster's own image loader
    kubectl: Kubectl  # for what has to be a program's: exec, apply
    api: Api  # for all questions
    helm: Helm
    docker: Callable[[], Docker]
    cancel: Callable[[], None]  # ends every running program and question
    clock: Callable[[], float] = time.monotonic
    stop: threading.Event = field(default_factory=threading.Event)

    def pause(self, interval: float) -> None:
        """Waits `interval` seconds; raises StoppedError as soon as another step has failed."""
        if self.stop.wait(interval):
            raise StoppedError("stopped because another step failed")


class StoppedError(LbdemoError):
    """A step ended early because another failed, or because the person pressed Ctrl-C."""


class Step(Protocol):
    """One thing to do. Frozen dataclasses fit: two plans can be compared."""

    @property
    def key(self) -> str:
        """Its name in the plan, unique there."""

    @property
    def title(self) -> str:
        """What it does, for a person."""

    @property
    def after(self) -> tuple[str, ...]:
        """The keys of steps that must be over first; those not in the plan do not count."""

    def commands(self, tools: Tools) -> list[str]:
        """The same as shell commands to paste (for `--dry-run`)."""

    def run(self, tools: Tools, say: Say) -> str:
        """Does it; tells progress to `say`, which raises StoppedError when it is to stop; returns a note."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in an order in which they could run one after another."""

    steps: tuple[Step, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.steps)

    def order(self) -> TopologicalSorter[str]:
        """What may run when, by the steps' keys; raises graphlib.CycleError when steps wait for each other."""
        keys = {step.key for step in self.steps}
        sorter = TopologicalSorter({step.key: [key for key in step.after if key in keys] for step in self.steps})
        sorter.prepare()
        return sorter

    def commands(self, tools: Tools) -> list[str]:
        """All of it as shell commands, with the titles as comments."""
        lines: list[str] = []
        for step in self.steps:
            lines += [f"# {step.title}", *step.commands(tools)]
        return lines


def execute(plan: Plan, tools: Tools, reporter: Reporter) -> None:
    """Runs the plan, side by side where the order allows it.

    Raises the first failure, after the steps that were running then have ended; on Ctrl-C (KeyboardInterrupt)
    they are told to stop and waited for as well. Raises graphlib.CycleError for steps that wait for each other.
    """
    order = plan.order()
    steps = {step.key: step for step in plan.steps}
    running: dict[Future[None], str] = {}
    failures: list[BaseException] = []
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="step") as pool:
        try:
            while running or (order.is_active() and not failures):
                for key in order.get_ready() if not failures else ():
                    running[pool.submit(_run, steps[key], tools, reporter)] = key
                over, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in over:
                    order.done(running.pop(future))
                    failures += _failure(future)
                if failures:
                    tools.stop.set()
        except BaseException:
            tools.stop.set()
            tools.cancel()
            raise
    if failures:
        raise next((f for f in failures if not isinstance(f, StoppedError)), failures[0])


@contextlib.contextmanager
def reported(
    tools: Tools, reporter: Reporter, key: str, title: str, *, quiet: bool = False
) -> Iterator[Callable[[str], None]]:
    """Reports what is done inside as a step; gives the function that tells its progress.

    When `quiet`, nothing is reported unless there is progress to tell.
    """
    begun, told = tools.clock(), not quiet
    if told:
        reporter.started(key, title)

    def say(text: str) -> None:
        nonlocal told
        if not told:
            told = True
            reporter.started(key, title)
        reporter.progress(key, text)

    try:
        yield say
    except BaseException:
        if told:
            reporter.failed(key, title, tools.clock() - begun)
        raise
    if told:
        reporter.finished(key, title, tools.clock() - begun, "")


def _failure(future: Future[None]) -> list[BaseException]:
    error = future.exception()
    return [error] if error is not None else []


def _run(step: Step, tools: Tools, reporter: Reporter) -> None:
    begun = tools.clock()
    reporter.started(step.key, step.title)

    def say(text: str) -> None:
        if tools.stop.is_set():
            raise StoppedError("stopped because another step failed")
        if text:
            reporter.progress(step.key, text)

    try:
        note = step.run(tools, say)
    except BaseException:
        reporter.failed(step.key, step.title, tools.clock() - begun)
        raise
    reporter.finished(step.key, step.title, tools.clock() - begun, note)
