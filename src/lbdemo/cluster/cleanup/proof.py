"""Whose an object is. What counts is who holds it, not what it is called: a label may be printed by anybody's chart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from lbdemo.cluster.cleanup.inventory import SPREAD, Inventory
from lbdemo.cluster.cleanup.items import ClusterObject, Item, ReleaseName
from lbdemo.cluster.istio.control_planes import DAEMON
from lbdemo.cluster.istio.setup import BASE
from lbdemo.config import ISTIO_NAMESPACE

ISTIOS_RELEASES = frozenset({ReleaseName(ISTIO_NAMESPACE, BASE), ReleaseName(ISTIO_NAMESPACE, DAEMON)})
ISTIOD = "pilot-discovery"  # how istiod signs the fields that it writes
# The GatewayClasses that istiod makes (Istio's sources, pilot/pkg/config/kube/gateway/gatewayclass.go).
GATEWAY_CLASSES = frozenset({"istio", "istio-remote", "istio-waypoint", "istio-east-west"})
# What istiod writes into its own namespace at run time (its leader elections are named in Istio's sources,
# pilot/pkg/leaderelection); what else is called istio-… there, such as a gateway's certificate, is somebody's.
ISTIODS_SECRET = "istio-ca-secret"
ISTIODS_ELECTION = re.compile(
    r"istio-([a-z-]+-)?(leader|election)|istio-(gateway-deployment|gateway-inferencepool|node-untaint|ip-autoallocate)"
)


@dataclass(frozen=True, slots=True)
class Removal:
    """An object that goes: named, with its uid, and with the reason why it is ours."""

    object: ClusterObject
    why: str

    def __str__(self) -> str:
        return f"{self.object.item} ({self.why})"


@dataclass(frozen=True, slots=True)
class Proof:
    """What proves that an object is ours.

    `releases` are Helm's that `up` installed, as it marks them; `before` is the inventory. `istiod` says that our
    istiod ran here, and no other: what an istiod has written was then written by ours.
    """

    releases: frozenset[ReleaseName] = frozenset()
    before: Inventory = field(default_factory=Inventory)
    istiod: bool = False

    def why(self, found: ClusterObject) -> str:
        """The reason why an object is ours; "" when nothing proves it."""
        if found.release in self.releases:
            return f"held by Helm release {found.release}, which lbdemo installed"
        if self._recorded(found):
            return f"recorded with this uid when lbdemo installed Helm release {found.release}"
        if self.istiod and not self.before.has(found.item):
            return _istiods(found)
        return ""

    def _recorded(self, found: ClusterObject) -> bool:
        """Two witnesses: our record, which others may write, and the object's own annotations, which they may not."""
        return bool(found.item.uid) and found.item in self.before.installed and found.release in ISTIOS_RELEASES

    def removals(self, found: Iterable[ClusterObject]) -> tuple[Removal, ...]:
        """Those that are ours, each with its reason."""
        reasons = ((one, self.why(one)) for one in found)
        return tuple(Removal(one, why) for one, why in reasons if why)


def _istiods(found: ClusterObject) -> str:
    if found.item.namespace == ISTIO_NAMESPACE and made_by_istiod(found.item):
        return "written by istiod in its own namespace"
    if ISTIOD not in found.managers[:1]:
        return ""
    kind = found.item.kind.partition(".")[0]
    if kind == "ConfigMap" and found.item.name in SPREAD:
        return "written by istiod into every namespace"
    return "made by istiod" if kind == "GatewayClass" and found.item.name in GATEWAY_CLASSES else ""


def made_by_istiod(item: Item) -> bool:
    """What istiod writes into its own namespace at run time, and leaves there: by its documented names."""
    match item.kind.partition(".")[0]:
        case "Lease":
            return bool(ISTIODS_ELECTION.fullmatch(item.name.removesuffix("-default")))
        case "ConfigMap":
            return item.name in SPREAD or bool(ISTIODS_ELECTION.fullmatch(item.name))
        case "Secret":
            return item.name == ISTIODS_SECRET
        case _:
            return False
