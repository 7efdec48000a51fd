"""What there is to clean, as it is found: our releases and what they hold, our namespaces, our Istio and its users."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from lbdemo.cluster.cleanup import keeping, snapshot
from lbdemo.cluster.cleanup.inventory import Inventory, before_both
from lbdemo.cluster.cleanup.items import ReleaseName
from lbdemo.cluster.cleanup.proof import Proof, Removal
from lbdemo.cluster.cleanup.users import IstioUsers, istio_users, replica_sets_of
from lbdemo.cluster.istio.control_planes import DAEMON
from lbdemo.cluster.istio.observe import ObservedWithIstio, observe
from lbdemo.cluster.istio.setup import BASE
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.steps import Tools
from lbdemo.config import ISTIO_NAMESPACE, Place
from lbdemo.kube.answers import need
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import NAMESPACES
from lbdemo.kube.records.cluster import Namespace


@dataclass(frozen=True, slots=True)
class Targets:
    """What there is to clean. `held` is what our releases hold, each with the reason why it is ours."""

    observed: ObservedWithIstio
    namespace: Namespace | None = None
    home: Namespace | None = None  # Istio's
    before_here: Inventory | None = None  # the one that is kept in the namespace
    before_home: Inventory | None = None  # the one that is kept beside our Istio
    held: tuple[Removal, ...] = ()
    held_istio: tuple[Removal, ...] = ()  # what our Istio's releases hold
    orphans: tuple[Removal, ...] = ()  # what an Istio of ours has left whose releases are gone
    replica_sets: frozenset[str] = frozenset()  # the uids of those whose pods end with our releases
    users: IstioUsers = field(default_factory=IstioUsers)  # who else relies on our Istio

    @property
    def before(self) -> Inventory | None:
        """What was there before lbdemo, by both; None when nothing is known of it."""
        if self.before_here is None or self.before_home is None:
            return self.before_here if self.before_home is None else self.before_home
        return before_both(self.before_here, self.before_home)

    @property
    def releases(self) -> tuple[str, ...]:
        """Our Helm releases in the namespace."""
        return tuple(sorted(name for name, release in self.observed.releases.items() if release.ours))

    @property
    def istios_releases(self) -> tuple[str, ...]:
        """Our Helm releases of Istio, in the order in which they go."""
        there = self.observed.istio.releases
        return tuple(name for name in (DAEMON, BASE) if name in there and there[name].ours)

    @property
    def namespace_ours(self) -> bool:
        """Whether lbdemo made the namespace."""
        return self.namespace is not None and labels.ours(self.namespace.meta)

    @property
    def home_ours(self) -> bool:
        """Whether lbdemo made Istio's namespace."""
        return self.home is not None and labels.ours(self.home.meta)

    @property
    def istio_ours(self) -> bool:
        """Whether there is an Istio of ours, or the beginnings or remains of one."""
        return self._begun and not self.istio_taken_over

    @property
    def istio_taken_over(self) -> bool:
        """Whether lbdemo began an Istio, and the istiod that runs now is somebody else's."""
        istio = self.observed.istio
        return self._begun and istio.plane is not None and not istio.ours

    @property
    def _begun(self) -> bool:
        return self.observed.istio.begun or self.home_ours or bool(self.orphans)

    def proof(self, place: Place, *, with_istio: bool) -> Proof:
        """By what objects are known as ours."""
        releases = {ReleaseName(place.namespace, name) for name in self.releases}
        if with_istio and self.istio_ours:
            releases |= {ReleaseName(ISTIO_NAMESPACE, name) for name in self.istios_releases}
        before = self.before if self.before is not None else Inventory()
        if not with_istio:
            before = replace(before, installed=frozenset())
        alone = not self.observed.istio.unseen and len(self.observed.istio.planes) <= 1
        istiod = with_istio and self.istio_ours and self.before is not None and alone
        return Proof(frozenset(releases), before, istiod)

    def kept_istio(self, *, with_istio: bool) -> str:
        """Why an Istio that was asked to go has to stay; "" when nothing keeps it."""
        if with_istio and self.istio_taken_over:
            return "lbdemo began to install it, and the istiod that runs now is somebody else's"
        return self.users.reason if with_istio and self.istio_ours else ""

    @property
    def keeps_record(self) -> bool:
        """Whether what is left of our Istio has to stay, and only our namespace knows whose it is.

        When the namespace went, a later `clean --istio` would take those remains for somebody else's.
        """
        beside = self.before_home is not None and bool(self.before_home.installed)
        return bool(self.orphans) and bool(self.users.reason) and not beside

    def removes_istio(self, *, with_istio: bool) -> bool:
        """Whether our Istio goes."""
        return with_istio and self.istio_ours and not self.kept_istio(with_istio=with_istio)


def find_targets(tools: Tools, place: Place, *, with_istio: bool) -> Targets:
    """Reads the state and the inventory from before; changes nothing.

    Who may not look at Istio can still clean a namespace, `with_istio` apart.
    """
    observed = observe(tools, place.namespace, istio=True, thorough=with_istio)
    namespace = need(tools.api.get(NAMESPACES, place.namespace))
    before_here = keeping.load(tools.api, place.namespace) if namespace else None
    here = Targets(observed, namespace, before_here=before_here)
    held = _held(tools.api, here, place) if namespace else ()
    sets = replica_sets_of(tools.api, place.namespace, held)
    if not with_istio and not observed.istio.ours:
        return replace(here, held=held, replica_sets=sets)
    home = need(tools.api.get(NAMESPACES, ISTIO_NAMESPACE))
    before_home = keeping.load(tools.api, ISTIO_NAMESPACE) if home else None
    found = replace(here, home=home, before_home=before_home, held=held, replica_sets=sets)
    orphans = _orphans(tools.api, observed, found.before) if with_istio else ()
    found = replace(found, orphans=orphans)
    if not with_istio or not found.istio_ours:
        return found
    held_istio = orphans or _held_istio(tools.api, found, place)
    users = istio_users(tools.api, place.namespace, held, sets)
    return replace(found, held_istio=held_istio, users=users)


def _held(api: Api, here: Targets, place: Place) -> tuple[Removal, ...]:
    """What our releases hold in the namespace; its contents are looked through only where there is a release.

    The add-ons' release holds roles for the whole cluster, too.
    """
    if not here.releases:
        return ()
    proof = here.proof(place, with_istio=False)
    wide = snapshot.take(api, []).objects if labels.ADDONS in here.releases else ()
    return proof.removals((*snapshot.contents(api, place.namespace).objects, *wide))


def _held_istio(api: Api, found: Targets, place: Place) -> tuple[Removal, ...]:
    """What our Istio's releases hold, all over the cluster."""
    proof = replace(found.proof(place, with_istio=True), istiod=False)
    known = {removal.object.item for removal in found.held}
    objects = snapshot.take(api, [ISTIO_NAMESPACE]).objects
    return proof.removals(one for one in objects if one.item not in known)


def _orphans(api: Api, observed: ObservedWithIstio, before: Inventory | None) -> tuple[Removal, ...]:
    """What there is of an Istio that lbdemo installed, and recorded, and whose releases are not there any more."""
    if before is None or not before.installed or observed.istio.plane is not None or observed.istio.releases:
        return ()
    return Proof(before=before).removals(snapshot.take(api, []).objects)
