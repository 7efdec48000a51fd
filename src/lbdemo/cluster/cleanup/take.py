"""The step that writes down what the cluster had before."""

from __future__ import annotations

from dataclasses import dataclass

from lbdemo.cluster.cleanup import inventory
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.objects import fetch
from lbdemo.cluster.kernel.observe import side_by_side
from lbdemo.cluster.kernel.steps import Say, Tools
from lbdemo.config import ISTIO_NAMESPACE


@dataclass(frozen=True, slots=True)
class TakeInventory:
    """Writes down what the cluster had before, in each of the `keepers`, unless that was done already.

    What is in namespaces that lbdemo made (`own`) was not there before; so this may go on while releases are installed
    there. What is in the others (`namespace`, when adopted; an istio-system of somebody else) is looked at as well.
    """

    namespace: str
    keepers: tuple[str, ...]
    own: frozenset[str]
    new: bool = False  # the namespace was just made: nobody can have kept one there
    key: str = "inventory"
    title: str = "inventory of the cluster as it was"
    after: tuple[str, ...] = ()

    def commands(self, tools: Tools) -> list[str]:
        """Nothing that a person would type."""
        return []

    def run(self, tools: Tools, say: Say) -> str:
        """Takes it and keeps it."""
        kept = None if self.new else inventory.load(tools.kubectl, self.namespace)
        before = kept if kept is not None else self._take(tools)
        for keeper in self.keepers:
            if keeper != self.namespace or kept is None:
                inventory.store(tools.kubectl, keeper, before)
        if ISTIO_NAMESPACE in self.keepers:
            tools.kubectl.label([f"configmap/{inventory.NAME}"], {labels.ISTIO: "installed"}, self.namespace)
        return f"{len(before)} objects"

    def _take(self, tools: Tools) -> frozenset[inventory.Item]:
        own = self.own - self._foreign(tools)
        others = sorted({*self.keepers, self.namespace} - own)
        found, before_istio = side_by_side(
            lambda: inventory.take(tools.kubectl, others), lambda: inventory.load(tools.kubectl, ISTIO_NAMESPACE)
        )
        made = {("Namespace", name) for name in own}
        old = frozenset(item for item in found if item.namespace not in own and (item.kind, item.name) not in made)
        return inventory.before_both(old, before_istio)

    def _foreign(self, tools: Tools) -> frozenset[str]:
        """Istio's namespace, when somebody else has made it before."""
        homes = (
            fetch(tools.kubectl, "namespaces", ISTIO_NAMESPACE).of("Namespace") if ISTIO_NAMESPACE in self.own else ()
        )
        return frozenset(home.name for home in homes if not labels.ours(home))
