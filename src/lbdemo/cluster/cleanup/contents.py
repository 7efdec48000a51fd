"""What is in a namespace of ours: what goes with it, and what keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from lbdemo.cluster.cleanup.inventory import SPREAD, Inventory, holds
from lbdemo.cluster.cleanup.items import ClusterObject, Item, some
from lbdemo.cluster.cleanup.proof import Proof, made_by_istiod
from lbdemo.cluster.cleanup.snapshot import Gap, Snapshot
from lbdemo.cluster.kernel import labels
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.kube.records.meta import Meta

# What Kubernetes and Istio put into every namespace by themselves: kind and name.
AUTHORITIES = ("kube-root-ca.crt", "openshift-service-ca.crt", *SPREAD)
BORN_WITH = frozenset({("ServiceAccount", "default"), *(("ConfigMap", name) for name in AUTHORITIES)})
KEPT_BY_US = frozenset({("ConfigMap", labels.INVENTORY), ("Lease", labels.LOCK)})
CHILDHOOD = 10.0  # seconds after its birth in which a cluster fills a namespace by itself


@dataclass(frozen=True, slots=True)
class Contents:
    """Who keeps a namespace of ours from being deleted: objects of others, and what could not be seen."""

    others: tuple[ClusterObject, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def reason(self) -> str:
        """Why the namespace has to stay; "" when nothing keeps it."""
        if self.others:
            return f"it holds {some([one.item for one in self.others])}, which lbdemo did not make"
        if self.gaps:
            hints = dict.fromkeys(gap.hint for gap in self.gaps if gap.hint)
            return f"it may hold what could not be seen: {some(self.gaps, 3)}" + "".join(f"; {hint}" for hint in hints)
        return ""


@dataclass(frozen=True, slots=True)
class Household:
    """A namespace of ours, and by what is known what goes with it."""

    namespace: Meta
    proof: Proof
    inventory: Inventory = field(default_factory=Inventory)  # the one that is kept in it

    def contents(self, found: Snapshot) -> Contents:
        """What of the objects found in it is somebody else's."""
        others = (one for one in found.objects if not self._goes_along(one, found))
        return Contents(tuple(others), found.gaps)

    def _goes_along(self, one: ClusterObject, found: Snapshot) -> bool:
        return bool(
            follows_owner(one, found)
            or _by_itself(one.item)
            or self._born_with(one)
            or self.proof.why(one)
            or (self.namespace.name == ISTIO_NAMESPACE and made_by_istiod(one.item))
        )

    def _born_with(self, one: ClusterObject) -> bool:
        """Two witnesses: the record, which others may write, and when the API server says that it was made."""
        return holds(self.inventory.born, one.item) and _in_childhood(one.meta, self.namespace)


def born_with(found: Snapshot, namespace: Meta) -> list[ClusterObject]:
    """What of the objects found in a young namespace was put there by something else than lbdemo."""
    return [
        one
        for one in found.objects
        if one.release is None
        and not follows_owner(one, found)
        and not _by_itself(one.item)
        and one.meta.labels.get("owner") != "helm"
        and _in_childhood(one.meta, namespace)
    ]


def follows_owner(one: ClusterObject, found: Snapshot) -> bool:
    """Whether it goes with an object of its namespace that owns it; an owner of no namespace is somebody else's."""
    return bool(one.meta.owners) and not any(owner.kind in found.wide for owner in one.meta.owners)


def _by_itself(item: Item) -> bool:
    kind = item.kind.partition(".")[0]
    token = item.kind == "Secret" and item.name.startswith("default-token-")  # before Kubernetes 1.24
    return token or (item.kind, item.name) in BORN_WITH or (kind, item.name) in KEPT_BY_US


def _in_childhood(meta: Meta, namespace: Meta) -> bool:
    try:
        age = datetime.fromisoformat(meta.created) - datetime.fromisoformat(namespace.created)
    except (ValueError, TypeError):
        return False
    return age.total_seconds() <= CHILDHOOD
