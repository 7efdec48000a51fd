"""The proof of `clean`: the cluster is listed again, and compared with what was there before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lbdemo.cluster.cleanup import snapshot
from lbdemo.cluster.cleanup.inventory import Inventory, Scope, named_like_istio
from lbdemo.cluster.cleanup.items import CRD, ClusterObject, Item
from lbdemo.cluster.cleanup.namespaces import look_into
from lbdemo.cluster.cleanup.proof import Proof, Removal
from lbdemo.cluster.cleanup.snapshot import Gap, Snapshot
from lbdemo.cluster.cleanup.sweep import in_use, leftovers
from lbdemo.cluster.cleanup.targets import Targets
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.steps import Tools
from lbdemo.config import ISTIO_NAMESPACE, Place
from lbdemo.kube.answers import Unseen, need
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import NAMESPACES
from lbdemo.kube.records.cluster import Namespace

SETTLING = 15.0  # seconds that what follows its owner by itself (API services, config maps) may take to go
INTERVAL = 0.5
NAMESPACE = "Namespace"
FOLLOWS_CRD = "kube-aggregator.kubernetes.io/automanaged"  # on API services that the API server makes by itself


@dataclass(frozen=True, slots=True)
class Remains:
    """What `clean` found. `left` is what lbdemo brought and is still there, each with the reason."""

    nothing_to_do: bool = False
    left: tuple[tuple[Item, str], ...] = ()
    compared: int = 0  # objects in the inventory from before; 0 when there was none
    istio_stays: bool = False  # an Istio of ours that was not asked to go
    kept_istio: str = ""  # why an Istio that was asked to go had to stay
    elsewhere: tuple[str, ...] = ()  # other namespaces that lbdemo made, where there was nothing to do in this one
    others: tuple[tuple[Item, str], ...] = ()  # new since then and not ours, each with who made it
    unseen: tuple[Gap, ...] = ()  # what could not be compared, now or then


def elsewhere(api: Api, place: Place) -> tuple[str, ...]:
    """The other namespaces that lbdemo made, as far as this user may see them."""
    made = api.metas(NAMESPACES, selector=f"{labels.MANAGED_BY}=lbdemo")
    if isinstance(made, Unseen):
        return ()
    return tuple(sorted(meta.name for meta in made if meta.name not in (place.namespace, ISTIO_NAMESPACE)))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared: the objects that were found to be ours when we began, and those that are new since `before`."""

    proof: Proof
    before: Inventory | None
    namespaces: dict[str, Namespace]  # those where we worked, as they are now; those that are gone are not in it
    ours: frozenset[str]  # of these, the ones that lbdemo made
    known: frozenset[Item]  # what our releases held when we began
    istio: frozenset[Item] | None = None  # of an Istio of ours that stays, what is recorded of it
    keeps_record: bool = False  # our namespace stays for what it knows of an Istio's remains

    def left(self, now: Snapshot) -> list[ClusterObject]:
        """What is ours, and still there."""
        return [one for one in now.objects if self._is_ours(one)]

    def _is_ours(self, one: ClusterObject) -> bool:
        if one.item.kind == NAMESPACE:
            return one.meta.name in self.ours and one.meta.uid == self.namespaces[one.meta.name].meta.uid
        if one.meta.namespace in self.ours:
            return False  # its namespace is what is left, and says why
        return one.item in self.known or bool(self.proof.why(one))

    def others(self, now: Snapshot) -> list[ClusterObject]:
        """What is new and not ours. What goes with an owner is not named beside it."""
        before = self.before
        if before is None:
            return []
        return [
            one
            for one in now.objects
            if not before.has(one.item)
            and not one.meta.owners
            and not self._is_of_lbdemo(one)
            and scope_of(one) not in before.unseen
            and one.meta.namespace not in self.ours
            and not self._is_ours(one)
            and not (one.item.kind == "ConfigMap" and one.meta.name == labels.INVENTORY)
            and not (one.item.kind == NAMESPACE and one.meta.name in self.namespaces)
            and one.meta.name != labels.LOCK
        ]

    def _is_of_lbdemo(self, one: ClusterObject) -> bool:
        """Of another lbdemo, of an Istio of ours that stays, or what follows a CRD by itself."""
        if one.item.kind == NAMESPACE and labels.ours(one.meta):
            return True
        stays = self.istio is not None and (one.item in self.istio or named_like_istio(one.item))
        return stays or FOLLOWS_CRD in one.meta.labels


def scope_of(one: ClusterObject) -> Scope:
    """Of which list it is."""
    return Scope(one.kind.resource, one.meta.namespace)


def find_remains(tools: Tools, place: Place, there: Targets, *, with_istio: bool) -> Remains:
    """Lists the cluster again; waits a little for what goes by itself."""
    kept = there.kept_istio(with_istio=with_istio)
    removed_istio = there.removes_istio(with_istio=with_istio)
    deadline = tools.clock() + SETTLING
    while True:
        now, compared = _compare(tools, place, there, removed_istio=removed_istio)
        left = [(one.item, _reason(tools, compared, one)) for one in compared.left(now)]
        if all(reason for _, reason in left) or tools.clock() >= deadline:
            break
        tools.pause(INTERVAL)
    gone_unseen = [Gap(scope, "it could not be seen before") for scope in _unseen_before(there, now)]
    return Remains(
        left=tuple(left),
        compared=len(there.before.objects) if there.before else 0,
        istio_stays=there.istio_ours and not removed_istio,
        kept_istio=kept,
        others=tuple((one.item, one.maker) for one in compared.others(now)),
        unseen=(*now.gaps, *gone_unseen),
    )


def _unseen_before(there: Targets, now: Snapshot) -> list[Scope]:
    return sorted(there.before.unseen - now.unseen, key=str) if there.before else []


def _compare(tools: Tools, place: Place, there: Targets, *, removed_istio: bool) -> tuple[Snapshot, Comparison]:
    was = [there.namespace, *([there.home] if removed_istio else [])]
    alive: dict[str, Namespace] = {}
    for space in was:
        now = need(tools.api.get(NAMESPACES, space.meta.name)) if space is not None else None
        if space is not None and now is not None and now.meta.uid == space.meta.uid:  # else somebody's, since then
            alive[space.meta.name] = now
    ours = frozenset(name for name, space in alive.items() if labels.ours(space.meta))
    proof = there.proof(place, with_istio=removed_istio)
    known = frozenset(one.object.item for one in (*there.held, *(there.held_istio if removed_istio else ())))
    found = snapshot.take(tools.api, [name for name in alive if name not in ours])
    if removed_istio:
        home_stays = ISTIO_NAMESPACE in alive and ISTIO_NAMESPACE not in ours
        found = _with(found, leftovers(tools.api, proof, home_stays=home_stays))
    stays = there.istio_ours and not removed_istio
    installed = there.before_home.installed if there.before_home is not None else frozenset()
    return found, Comparison(proof, there.before, alive, ours, known, installed if stays else None, there.keeps_record)


def _with(found: Snapshot, more: Sequence[Removal]) -> Snapshot:
    objects = {one.item: one for one in (*found.objects, *(removal.object for removal in more))}
    return replace(found, objects=tuple(objects.values()))


def _reason(tools: Tools, compared: Comparison, one: ClusterObject) -> str:
    """Why an object was left on purpose; "" when it should have gone."""
    if one.item.kind == CRD:
        return in_use(tools.api, need(tools.api.discover()), Removal(one, ""))
    if one.item.kind == NAMESPACE and compared.keeps_record:
        return "it keeps the record of what is left of lbdemo's Istio; `clean --istio` goes on when nobody uses that"
    if one.item.kind == NAMESPACE:
        return look_into(tools, compared.namespaces[one.meta.name], compared.proof).reason
    return ""
