"""The clean-up of a comparison: namespaces side by side, since Kubernetes takes its time for each; Istio goes last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lbdemo.cluster.cleanup.clean import clean
from lbdemo.cluster.kernel.steps import Reporter, Tools
from lbdemo.cluster.trial.namespaces import RunNamespaces, istio_came_with_a_comparison
from lbdemo.config import Place
from lbdemo.errors import LbdemoError
from lbdemo.kube.side_by_side import each

LIMIT = 300.0  # seconds that the clean-up of one namespace may take
AT_ONCE = 6  # namespaces


@dataclass(frozen=True, slots=True)
class Within:
    """A reporter of what is done in one namespace while others are at work elsewhere: each step names it."""

    namespace: str
    reporter: Reporter

    def started(self, key: str, title: str) -> None:
        """A step begins."""
        self.reporter.started(self._named(key), self._named(title))

    def progress(self, key: str, text: str) -> None:
        """What it is doing."""
        self.reporter.progress(self._named(key), text)

    def finished(self, key: str, title: str, seconds: float, note: str) -> None:
        """It ended well."""
        self.reporter.finished(self._named(key), self._named(title), seconds, note)

    def failed(self, key: str, title: str, seconds: float) -> None:
        """It did not."""
        self.reporter.failed(self._named(key), self._named(title), seconds)

    def _named(self, what: str) -> str:
        return what if self.namespace in what else f"{what} in {self.namespace}"


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Removes what a comparison has begun, by tools of its own: no failure or Ctrl-C has stopped these."""

    fresh: Callable[[], Tools]
    reporter: Reporter
    spaces: RunNamespaces

    def clean(self, begun: Sequence[Place]) -> list[str]:
        """Cleans these namespaces as far as they are this comparison's; returns what is left, in words.

        A failure in one leaves the others to be cleaned all the same.
        """
        ours = [place for place in begun if self.spaces.is_ours(place.namespace)]
        last = ours[-1:] if istio_came_with_a_comparison(self.fresh().api) else []
        left = each(self._one, ours[: len(ours) - len(last)], AT_ONCE)
        left += [self._one(place, with_istio=True) for place in last]
        return [line for lines in left for line in lines]

    def _one(self, place: Place, *, with_istio: bool = False) -> list[str]:
        if lost := self.spaces.lost(place.namespace):
            return [f"namespace {place.namespace}: its lock was lost: {lost}"]
        tools, giving_back, reporter = self.fresh(), self.fresh().api, Within(place.namespace, self.reporter)
        try:
            remains = clean(
                tools, place, giving_back, reporter, with_istio=with_istio, timeout=LIMIT, held=self.spaces.names
            )
        except LbdemoError as error:
            return [f"namespace {place.namespace}: {error.message}"]
        left = [f"{item}: {reason}" if reason else str(item) for item, reason in remains.left]
        return [*left, *([f"Istio: {remains.kept_istio}"] if remains.kept_istio else [])]
