"""`compare`: strategies side by side, each in a namespace of its own; the negative control first."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lbdemo.cluster.install.strategies import CONTROL, STRATEGIES
from lbdemo.cluster.install.up import up
from lbdemo.cluster.istio.observe import observe_istio
from lbdemo.cluster.istio.state import Istio
from lbdemo.cluster.kernel.steps import Reporter, Tools, reported
from lbdemo.cluster.trial import costs
from lbdemo.cluster.trial.block import Sink
from lbdemo.cluster.trial.cleaning import Cleaning
from lbdemo.cluster.trial.drills import DRILLS, DrillRun
from lbdemo.cluster.trial.hops import Hops, measure_hops
from lbdemo.cluster.trial.namespaces import RunNamespaces
from lbdemo.cluster.trial.options import VerifyOptions
from lbdemo.cluster.trial.verify import read_installation, verify
from lbdemo.config import Place, UpConfig
from lbdemo.errors import LbdemoError, ProgramFailedError
from lbdemo.records import Drilled, Result, Sample
from lbdemo.tools.kubectl import Context


@dataclass(frozen=True, slots=True)
class Comparison:
    """What to compare. `wanted` "" means all that the cluster can run; `keep` leaves everything installed."""

    base: UpConfig
    wanted: tuple[str, ...] = ()
    drills: tuple[str, ...] = ()
    options: VerifyOptions = field(default_factory=VerifyOptions)
    keep: bool = False
    trace: bool = False  # whether hops are measured, too, after all the rest

    @property
    def strategies(self) -> tuple[str, ...]:
        """In the order of the table, where the negative control is first."""
        return tuple(name for name in STRATEGIES if not self.wanted or name in self.wanted)

    def config(self, strategy: str) -> UpConfig:
        """The settings of one strategy, in its own namespace."""
        own = Place(self.base.place.context, f"{self.base.place.namespace}-{strategy}")
        has = STRATEGIES[strategy]
        return replace(
            self.base, place=own, strategy=strategy,
            lb_policy=self.base.lb_policy if has.policies else "round-robin",
            max_connection_age=self.base.max_connection_age if has.connection_age else None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Compared:
    """The results, and what could not be run, each with the reason; `left` is what the clean-up could not remove.

    `skipped` is what the cluster cannot run; `broken` was asked for by name, or failed when it was installed.
    """

    results: tuple[Result, ...]
    skipped: tuple[tuple[str, str], ...]
    broken: tuple[tuple[str, str], ...] = ()
    left: tuple[str, ...] = ()
    istio: str = ""  # the version of the Istio that was used; "" for none


@dataclass(frozen=True, slots=True)
class CompareTools:
    """What a comparison works with."""

    tools: Tools  # for looking
    fresh: Callable[[], Tools]  # for each strategy, and for the clean-up: no failure or Ctrl-C has stopped these
    context: Context
    reporter: Reporter
    sink: Sink


def compare(comparison: Comparison, means: CompareTools) -> Compared:
    """Runs one strategy after another; cleans up at the end, also after Ctrl-C.

    A strategy that the cluster cannot run is skipped with its reason, unless it was asked for by name. Raises the
    first failure, after the clean-up, when there is no result at all.
    """
    meshes = [name for name in comparison.strategies if STRATEGIES[name].mesh]
    space = comparison.base.place.namespace
    before = observe_istio(means.tools.api, space) if meshes else Istio()
    had_istio = before.plane is not None or before.hidden
    results, failures, left = list[Result](), list[tuple[str, LbdemoError]](), list[str]()
    istio = ""
    with _namespaces(comparison, means) as spaces, _cleaned(comparison, means, left, spaces) as begun:
        for name in comparison.strategies:
            try:
                begun.append(name)  # before: whoever is interrupted in the midst of it may have made the namespace
                spaces.enter(comparison.config(name).place.namespace)
                results.append(_one(comparison, name, replace(means, tools=means.fresh()), spaces))
                if name in meshes:
                    istio = observe_istio(means.tools.api, space).version
                    if not had_istio:
                        spaces.mark_istio()
            except LbdemoError as error:
                failures.append((name, error))
    if failures and not results:
        _tell(left, means)
        raise failures[0][1]
    skipped = [failure for failure in failures if not _is_broken(comparison, *failure)]
    broken = [failure for failure in failures if failure not in skipped]
    return Compared(tuple(results), _reasons(skipped), _reasons(broken), tuple(left), istio)


def _is_broken(comparison: Comparison, name: str, error: LbdemoError) -> bool:
    """Whether a failure is more than "this cluster cannot run it": each cluster can run the negative control."""
    return bool(comparison.wanted) or name == CONTROL or isinstance(error, AfterInstallationError)


class AfterInstallationError(LbdemoError):
    """A strategy was installed and could not be measured: that is no reason to leave it out."""

    def __init__(self, cause: LbdemoError) -> None:
        super().__init__(cause.message, cause.hint)
        self.exit_code = cause.exit_code


@contextlib.contextmanager
def _namespaces(comparison: Comparison, means: CompareTools) -> Iterator[RunNamespaces]:
    """The locks are given back at the very end, by means that no Ctrl-C has stopped."""
    with contextlib.ExitStack() as locks:
        yield RunNamespaces(means.fresh(), means.fresh().api, means.reporter, comparison.base.timeout, locks)


def _reasons(failures: Sequence[tuple[str, LbdemoError]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, _reason(error)) for name, error in failures)


def _reason(error: LbdemoError) -> str:
    first, *rest = error.message.splitlines()
    said = [line.strip(" |") for line in rest if line.lstrip().startswith("|")]  # what a crashed container said last
    cause = error.__cause__ if isinstance(error, AfterInstallationError) else error
    if isinstance(cause, ProgramFailedError):
        said = cause.stderr.strip().splitlines()
    return " | ".join([first, *said[-1:]]) + (f" ({error.hint})" if error.hint else "")


@contextlib.contextmanager
def _cleaned(
    comparison: Comparison, means: CompareTools, left: list[str], spaces: RunNamespaces
) -> Iterator[list[str]]:
    """What was begun is removed at the end, Istio last, unless it was there before."""
    begun: list[str] = []
    try:
        yield begun
    except BaseException:
        left += _clean_all(comparison, begun, means, spaces)
        _tell(left, means)
        raise
    left += _clean_all(comparison, begun, means, spaces)


def _clean_all(comparison: Comparison, begun: Sequence[str], means: CompareTools, spaces: RunNamespaces) -> list[str]:
    """Cleans what was begun; a namespace that somebody else works in by now is theirs."""
    if comparison.keep:
        return []
    return Cleaning(means.fresh, means.reporter, spaces).clean([comparison.config(name).place for name in begun])


def _tell(left: Sequence[str], means: CompareTools) -> None:
    """Says what is left where no result will say it."""
    for line in left:
        means.reporter.failed(line, f"left in the cluster: {line}", 0.0)


def _one(comparison: Comparison, name: str, means: CompareTools, spaces: RunNamespaces) -> Result:
    """Installs one strategy, verifies it, drills it."""
    config, tools = comparison.config(name), means.tools
    begun = time.monotonic()
    up(means.tools, config, means.context, means.fresh().api, means.reporter, spaces.names)
    setup = time.monotonic() - begun
    calls: list[float] = []
    try:
        installation = read_installation(tools.api, config.place)
        before = costs.before_load(tools.kubectl, config, installation)
        result = verify(tools, config.place, comparison.options, _counting(calls, means.sink), installation)
    except LbdemoError as error:
        raise AfterInstallationError(error) from error
    spent = costs.after_load(tools, config, installation, before, calls)
    drilled, notes = list[Drilled[Any]](), list[str]()
    for drill in comparison.drills:
        try:
            drilled.append(_drill(drill, config, means, spaces))
        except LbdemoError as error:
            notes.append(f"Drill {drill} could not be completed: {_reason(error)}.")
        notes += _put_right(drill, config, means, spaces)
    hops = Hops()
    if comparison.trace:
        hops = _traced(config, means, spaces)
        notes += hops.broken
    broken = [drill for drill in drilled if not drill.as_expected]
    notes += [f"Drill {drill.name}: {drill.told()}, where {drill.expected}." for drill in broken]
    return replace(
        result, costs=replace(spent, setup_s=round(setup, 1)), drills=tuple(drilled),
        notes=(*result.notes, *notes, *hops.lacking), promises_kept=not notes, extra={**result.extra, **hops.told},
    )  # fmt: skip


def _traced(config: UpConfig, means: CompareTools, spaces: RunNamespaces) -> Hops:
    """What each hop costs: last, and by our own collector, so that nothing else that is measured pays for traces."""
    key = f"{config.strategy} hops"
    with reported(means.tools, means.reporter, key, f"hops of {config.strategy}") as say:
        try:
            return measure_hops(means.fresh, config, means.context, means.reporter, spaces.names, say)
        except LbdemoError as error:
            return Hops(broken=(f"Hops could not be measured: {_reason(error)}.",))


def _put_right(drill: str, config: UpConfig, means: CompareTools, spaces: RunNamespaces) -> list[str]:
    """Makes all as it was, for the next drill; returns a sentence when that failed."""
    try:
        _converge(config, means, spaces)
    except LbdemoError as error:
        return [f"After drill {drill} the strategy could not be put right: {_reason(error)}."]
    return []


def _converge(config: UpConfig, means: CompareTools, spaces: RunNamespaces) -> None:
    """`up`, with tools of its own: one that fails stops the tools that it was given."""
    up(means.fresh(), config, means.context, means.fresh().api, means.reporter, spaces.names)


def _counting(calls: list[float], sink: Sink) -> Sink:
    def count(sample: Sample) -> None:
        calls.append(sample.sent)
        sink(sample)

    return count


def _drill(name: str, config: UpConfig, means: CompareTools, spaces: RunNamespaces) -> Drilled[Any]:
    key = f"{config.strategy} {name}"
    begun = time.monotonic()
    means.reporter.started(key, f"drill {name}")

    def set_outlier(on: bool) -> None:
        _converge(replace(config, outlier_detection=on), means, spaces)

    def say(text: str) -> None:
        means.reporter.progress(key, text)

    try:
        fresh = read_installation(means.tools.api, config.place)
        drilled = DRILLS[name](DrillRun(means.tools.kubectl, means.tools.api, config.place, fresh, say, set_outlier))
    except BaseException:
        means.reporter.failed(key, f"drill {name}", time.monotonic() - begun)
        raise
    means.reporter.finished(key, f"drill {name}", time.monotonic() - begun, drilled.told())
    return drilled
