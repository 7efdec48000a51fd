"""The step that removes what an Istio of ours leaves behind when it is uninstalled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lbdemo.cluster.cleanup import snapshot
from lbdemo.cluster.cleanup.items import CRD, Item, some
from lbdemo.cluster.cleanup.proof import Proof, Removal
from lbdemo.cluster.cleanup.removal import command, delete
from lbdemo.cluster.kernel.steps import Say, Tools
from lbdemo.cluster.kernel.until import until_over
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.errors import NotReadyError
from lbdemo.kube.answers import Unseen, need
from lbdemo.kube.api import Api
from lbdemo.kube.discovery import Discovery
from lbdemo.kube.kinds import CRDS
from lbdemo.words import count

LIMIT = 60.0  # seconds that CRDs may take to be gone
INTERVAL = 0.2


@dataclass(frozen=True, slots=True)
class SweepIstio:
    """Removes what is proven to be left by our Istio: CRDs without objects, config maps in all namespaces, and so on.

    `explain` is told each removal with its reason.
    """

    proof: Proof
    after: tuple[str, ...] = ()
    home_stays: bool = False  # Istio's namespace is not ours: what istiod wrote in it goes one by one
    known: tuple[Removal, ...] = field(default=(), compare=False)  # what was found when it was planned
    explain: Callable[[str], None] = field(default=lambda _: None, compare=False)
    key: str = "sweep"
    title: str = "what Istio leaves behind"

    def commands(self, tools: Tools) -> list[str]:
        """The kubectl commands."""
        return [command(tools, removal) for removal in self.known]

    def run(self, tools: Tools, say: Say) -> str:
        """Removes it; a CRD with objects, or whose objects cannot be seen, stays."""
        found = leftovers(tools.api, self.proof, home_stays=self.home_stays)
        kinds = need(tools.api.discover())
        kept = {one.object.item: reason for one in found if (reason := in_use(tools.api, kinds, one))}
        going = [removal for removal in found if removal.object.item not in kept]
        for removal in going:
            self.explain(command(tools, removal))
        say(f"deleting {count(len(going), 'object')}")
        delete(tools, going)
        _await_gone(tools, [removal for removal in going if removal.object.item.kind == CRD])
        return f"kept {_by_reason(kept)}" if kept else count(len(going), "object")


def _by_reason(kept: Mapping[Item, str]) -> str:
    reasons = dict.fromkeys(kept.values())
    items = {why: [item for item in kept if kept[item] == why] for why in reasons}
    return "; ".join(f"{some(items[why])}: {why}" for why in reasons)


def leftovers(api: Api, proof: Proof, *, home_stays: bool) -> tuple[Removal, ...]:
    """What our Istio has left, as far as it is proven. What could not be listed is not there to be deleted."""
    found = snapshot.take(api, [ISTIO_NAMESPACE] if home_stays else [])
    spread = snapshot.spread(api)
    objects = {one.item: one for one in (*found.objects, *spread.objects)}
    outside = (one for one in objects.values() if home_stays or one.meta.namespace != ISTIO_NAMESPACE)
    return proof.removals(outside)


def in_use(api: Api, kinds: Discovery, removal: Removal) -> str:
    """Why a CRD stays: somebody's objects are, or may be, of its kind; "" for what may go."""
    if removal.object.item.kind != CRD:
        return ""
    plural, _, group = removal.object.meta.name.partition(".")
    served = next((kind for kind in kinds.resources if (kind.group, kind.plural) == (group, plural)), None)
    if served is None:
        return "objects of this kind cannot be listed: the API server does not serve it"
    answer = api.any(served.read_as_meta)
    if isinstance(answer, Unseen):
        return f"whether there are objects of this kind could not be seen ({answer.why}); {answer.hint}"
    return "objects of this kind exist, and deleting it would delete them" if answer else ""


def _await_gone(tools: Tools, definitions: Sequence[Removal]) -> None:
    """CRDs go when their objects are gone: Kubernetes finalizes them."""
    going = {removal.object.meta.uid for removal in definitions}

    def left() -> list[str]:
        return [meta.name for meta in need(tools.api.metas(CRDS)) if meta.uid in going] if going else []

    def late(names: list[str]) -> NotReadyError:
        return NotReadyError(f"CRDs still there after {LIMIT:.0f} s", some(names))

    until_over(tools, left, late, timeout=LIMIT, interval=INTERVAL)
