"""The steps that write down what the cluster had before, and what came with our namespaces and our Istio."""

from __future__ import annotations

from dataclasses import dataclass

from lbdemo.cluster.cleanup import keeping, snapshot
from lbdemo.cluster.cleanup.contents import born_with
from lbdemo.cluster.cleanup.inventory import Inventory, before_both
from lbdemo.cluster.cleanup.proof import ISTIOS_RELEASES
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.steps import Say, Tools
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.kube.answers import Unseen
from lbdemo.kube.kinds import CONFIG_MAPS, NAMESPACES
from lbdemo.words import count

BIRTH = 1.0  # seconds after which a new namespace has what its cluster puts into every one


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
        kept = None if self.new else keeping.load(tools.api, self.namespace)
        before = kept if kept is not None else self._take(tools)
        for keeper in self.keepers:
            if keeper != self.namespace or kept is None:
                keeping.store(tools.api, keeper, before)
        if ISTIO_NAMESPACE in self.keepers:
            tools.api.label(CONFIG_MAPS, keeping.NAME, {labels.ISTIO: "installed"}, self.namespace)
        return count(len(before.objects), "object")

    def _take(self, tools: Tools) -> Inventory:
        own = self.own - self._of_others(tools)
        others = sorted({*self.keepers, self.namespace} - own)
        found = snapshot.take(tools.api, others)
        made = {("Namespace", name) for name in own}
        items = (one.item for one in found.objects)
        old = frozenset(item for item in items if item.namespace not in own and (item.kind, item.name) not in made)
        return before_both(Inventory(old, unseen=found.unseen), keeping.load(tools.api, ISTIO_NAMESPACE))

    def _of_others(self, tools: Tools) -> frozenset[str]:
        """Istio's namespace, when somebody else has made it before, or when this user cannot see who has."""
        if ISTIO_NAMESPACE not in self.own:
            return frozenset()
        home = tools.api.get(NAMESPACES, ISTIO_NAMESPACE)
        ours = home is None or (not isinstance(home, Unseen) and labels.ours(home.meta))
        return frozenset() if ours else frozenset({ISTIO_NAMESPACE})


@dataclass(frozen=True, slots=True)
class NoteBirth:
    """Notes what a cluster puts into every new namespace by itself (OpenShift, Kyverno, trust-manager), in ours."""

    namespaces: tuple[str, ...]
    key: str = "birth"
    title: str = "what came with the new namespace"
    after: tuple[str, ...] = ("inventory",)

    def commands(self, tools: Tools) -> list[str]:
        """Nothing that a person would type."""
        return []

    def run(self, tools: Tools, say: Say) -> str:
        """Looks a second after the namespaces were made."""
        tools.pause(BIRTH)
        for name in self.namespaces:
            there = tools.api.get(NAMESPACES, name)
            if there is not None and not isinstance(there, Unseen):
                found = snapshot.contents(tools.api, name)
                keeping.note_born(tools.api, name, (one.item for one in born_with(found, there.meta)))
        return ""


@dataclass(frozen=True, slots=True)
class RecordIstio:
    """Notes what our Istio's releases hold, with uids: by that it is known as ours when its releases are gone."""

    keepers: tuple[str, ...]
    after: tuple[str, ...] = ()
    key: str = "record"
    title: str = "what Istio consists of"

    def commands(self, tools: Tools) -> list[str]:
        """Nothing that a person would type."""
        return []

    def run(self, tools: Tools, say: Say) -> str:
        """Lists it, and keeps the list in each of the `keepers`."""
        found = snapshot.take(tools.api, [ISTIO_NAMESPACE])
        items = {one.item for one in found.objects if one.release in ISTIOS_RELEASES}
        for keeper in self.keepers:
            keeping.note_installed(tools.api, keeper, items)
        return count(len(items), "object")
