"""The namespaces of one comparison: made under its run's own mark, and locked for all that is done in them."""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import dataclass, field

from lbdemo.cluster.install.hold import hold
from lbdemo.cluster.install.preflight import refuse_foreign
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.renewal import Renewal
from lbdemo.cluster.kernel.steps import Reporter, Tools, reported
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.errors import InputError
from lbdemo.kube.answers import need
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import CONFIG_MAPS, NAMESPACES
from lbdemo.kube.records.cluster import Namespace
from lbdemo.kube.records.meta import Meta

OTHERS = "choose others with --namespace PREFIX"


@dataclass(frozen=True, slots=True)
class RunNamespaces:
    """Makes and locks them; the locks are given back when `locks` closes. `held` are those that are ours now."""

    tools: Tools
    cleanup: Api
    reporter: Reporter
    timeout: float  # seconds that another comparison is waited for
    locks: contextlib.ExitStack
    run: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    held: dict[str, Renewal] = field(default_factory=dict)

    def enter(self, name: str) -> None:
        """Makes the namespace, or takes over what an earlier comparison has left in it, and locks it.

        Raises InputError for a namespace that is not lbdemo's, or that somebody made with `up`: the clean-up at the
        end must not touch it. Waits for another comparison that works there, and raises NotReadyError after `timeout`.
        """
        there = self._look(name)
        stays = there is not None and not there.deleting
        with contextlib.ExitStack() as own:
            with reported(self.tools, self.reporter, f"lock/{name}", f"namespace {name}", quiet=True) as say:
                marks = {labels.RUN: self.run}
                renewal, _ = hold(
                    self.tools, name, self.timeout, self.cleanup, say, own, there=stays, absent=there is None,
                    marks=marks,
                )  # fmt: skip
            found = self._look(name)  # somebody may have been faster
            if found is not None and found.labels.get(labels.RUN) != self.run:
                self.tools.api.label(NAMESPACES, name, dict(marks))
            self.locks.enter_context(own.pop_all())
            self.held[name] = renewal

    def _look(self, name: str) -> Meta | None:
        there = need(self.tools.api.get(NAMESPACES, name))
        if there is None:
            return None
        if not there.meta.deleting:
            refuse_foreign(there.meta, OTHERS)
            if labels.RUN not in there.meta.labels:
                raise InputError(
                    f"namespace {name} was made by `lbdemo up`, not by a comparison",
                    f"{OTHERS}, or remove it with `lbdemo -n {name} clean`",
                )
        return there.meta

    def is_ours(self, name: str) -> bool:
        """Whether the namespace is this run's: locked by it, or marked as its own before something ended that."""
        if name in self.held:
            return True
        there = self.cleanup.get(NAMESPACES, name)
        return isinstance(there, Namespace) and there.meta.labels.get(labels.RUN) == self.run

    def lost(self, name: str) -> str:
        """Who has taken the lock over, in words; "" as long as it is ours."""
        renewal = self.held.get(name)
        return renewal.lost if renewal is not None else ""

    @property
    def names(self) -> frozenset[str]:
        """The namespaces whose lock is ours."""
        return frozenset(name for name in self.held if not self.lost(name))

    def mark_istio(self) -> None:
        """Notes beside an Istio of ours that it came with a comparison: it goes with the last one that uses it."""
        if need(self.tools.api.get(CONFIG_MAPS, labels.INVENTORY, ISTIO_NAMESPACE)) is not None:
            self.tools.api.label(CONFIG_MAPS, labels.INVENTORY, {labels.RUN: self.run}, ISTIO_NAMESPACE)


def istio_came_with_a_comparison(api: Api) -> bool:
    """Whether the Istio that is there is lbdemo's, and a comparison has brought it."""
    kept = api.get(CONFIG_MAPS, labels.INVENTORY, ISTIO_NAMESPACE)
    return isinstance(kept, Meta) and labels.RUN in kept.labels
