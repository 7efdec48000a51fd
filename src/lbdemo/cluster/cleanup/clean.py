"""`clean`: removes what lbdemo made and nothing else, then compares the cluster with what it was before."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from lbdemo.cluster.cleanup import inventory
from lbdemo.cluster.cleanup.inventory import Item
from lbdemo.cluster.cleanup.removal import DeleteNamespace, EmptyNamespace, SweepIstio, UninstallRelease, await_gone
from lbdemo.cluster.istio import setup as istio
from lbdemo.cluster.istio.control_planes import DAEMON
from lbdemo.cluster.istio.observe import ObservedWithIstio, observe
from lbdemo.cluster.kernel import labels, lock
from lbdemo.cluster.kernel.objects import fetch
from lbdemo.cluster.kernel.steps import Plan, Reporter, Say, Step, Tools, execute, reported
from lbdemo.config import ISTIO_NAMESPACE, Place
from lbdemo.errors import LbdemoError
from lbdemo.kube.records.meta import Meta
from lbdemo.tools.kubectl import Kubectl

SETTLING = 15.0  # seconds that what follows its owner by itself (API services, config maps) may take to go
INTERVAL = 0.5


@dataclass(frozen=True, slots=True)
class Remains:
    """What `clean` found. `left` is what lbdemo brought and is still there, each with the reason."""

    nothing_to_do: bool = False
    left: tuple[tuple[Item, str], ...] = ()
    compared: int = 0  # objects in the inventory from before; 0 when there was none
    istio_stays: bool = False  # an Istio of ours that was not asked to go
    kept_istio: str = ""  # why an Istio that was asked to go had to stay
    elsewhere: tuple[str, ...] = ()  # other namespaces that lbdemo made, where there was nothing to do in this one


@dataclass(frozen=True, slots=True)
class Situation:
    """What there is to clean, as it was found."""

    observed: ObservedWithIstio
    istio_namespace: Meta | None
    before: frozenset[Item] | None
    users: tuple[str, ...] = ()  # who else relies on our Istio
    orphans: bool = False  # an Istio of ours has left things, and its namespace is gone

    @property
    def istio_ours(self) -> bool:
        """Whether there is an Istio of ours, or the beginnings or remains of one."""
        return self._begun and not self.istio_taken_over

    @property
    def istio_taken_over(self) -> bool:
        """Whether lbdemo began an Istio, and the istiod that runs now is somebody else's."""
        istio = self.observed.istio
        return self._begun and istio.daemon is not None and not istio.ours

    @property
    def _begun(self) -> bool:
        return self.observed.istio.begun or labels.ours(self.istio_namespace) or self.orphans


def look(tools: Tools, place: Place, *, with_istio: bool) -> Situation:
    """Reads the state and the inventory from before; changes nothing.

    Who may not look at Istio can still clean a namespace, `with_istio` apart.
    """
    observed = observe(tools, place.namespace, istio=True, thorough=with_istio)
    before = inventory.load(tools.kubectl, place.namespace) if observed.namespace else None
    if not with_istio and not observed.istio.ours:
        return Situation(observed, None, before)
    homes = fetch(tools.kubectl, "namespaces", ISTIO_NAMESPACE).of("Namespace")
    if homes and (before_istio := inventory.load(tools.kubectl, ISTIO_NAMESPACE)) is not None:
        before = before_istio if before is None else inventory.before_both(before, before_istio)
    orphans = with_istio and not homes and _orphans(tools.kubectl, observed, before)
    return Situation(
        observed, homes[0] if homes else None, before, istio_users(tools.kubectl, place.namespace), orphans
    )


def _orphans(kubectl: Kubectl, observed: ObservedWithIstio, before: frozenset[Item] | None) -> bool:
    """Whether there is something of an Istio that lbdemo installed and that is not there any more."""
    if before is None or observed.istio.daemon is not None or observed.istio.releases or not observed.brought_istio:
        return False
    return any(inventory.of_istio(item) for item in inventory.take(kubectl, []) - before)


def elsewhere(kubectl: Kubectl, place: Place) -> tuple[str, ...]:
    """The other namespaces that lbdemo made, as far as this user may see them."""
    with contextlib.suppress(LbdemoError):
        made = fetch(kubectl, "namespaces", selector=f"{labels.MANAGED_BY}=lbdemo").of("Namespace")
        return tuple(sorted(meta.name for meta in made if meta.name not in (place.namespace, ISTIO_NAMESPACE)))
    return ()


def istio_users(kubectl: Kubectl, namespace: str) -> tuple[str, ...]:
    """Namespaces with pods of others that have sidecars (or are gateways), or with another lbdemo that needs istiod."""
    meshed = f"security.istio.io/tlsMode=istio,{labels.PART_OF}!=lbdemo"
    pods = fetch(kubectl, "pods", selector=meshed, everywhere=True).pods
    releases = fetch(kubectl, "secrets", selector=f"{labels.STRATEGY} in (istio,xds)", everywhere=True).of("Secret")
    others = {secret.namespace for secret in releases} - {namespace}
    return tuple(sorted(others | {pod.meta.namespace for pod in pods}))


def clean(
    tools: Tools, place: Place, cleanup: Kubectl, reporter: Reporter, *, with_istio: bool, timeout: float
) -> Remains:
    """Removes, then compares. Raises LbdemoError when a removal fails; `Remains.left` is the answer."""
    there = look(tools, place, with_istio=with_istio)
    plan = build_clean_plan(there, place, with_istio=with_istio, timeout=timeout)
    if not plan:
        kept = _kept(there, with_istio=with_istio)
        return Remains(True, istio_stays=there.istio_ours, kept_istio=kept, elsewhere=elsewhere(tools.kubectl, place))
    held = True
    with contextlib.ExitStack() as locks:
        for namespace in _places(there, with_istio=with_istio):
            with reported(tools, reporter, f"lock/{namespace}", f"namespace {namespace}", quiet=True) as say:
                held = held and _lock(tools, cleanup, namespace, timeout, say, locks)
        if held:
            there = look(tools, place, with_istio=with_istio)  # somebody may have been at work before we had the locks
            execute(build_clean_plan(there, place, with_istio=with_istio, timeout=timeout), tools, reporter)
            return compare(tools, place, there, with_istio=with_istio)
    # What is there by now may be another one of that name: it is looked at, and locked, anew.
    return clean(tools, place, cleanup, reporter, with_istio=with_istio, timeout=timeout)


def _lock(
    tools: Tools, cleanup: Kubectl, namespace: str, timeout: float, say: Say, locks: contextlib.ExitStack
) -> bool:
    """Holds the lock; False when another `clean` has removed the namespace meanwhile."""
    try:
        locks.enter_context(lock.held(tools, cleanup, namespace, timeout, say))
    except lock.GONE:
        await_gone(tools, namespace, timeout, say)
        return False
    return True


def _places(there: Situation, *, with_istio: bool) -> list[str]:
    """The namespaces to lock, in the order in which `up` locks them."""
    istio = [there.istio_namespace] if with_istio and there.istio_ours and not there.users else []
    return [meta.name for meta in (there.observed.namespace, *istio) if meta is not None and not meta.deleting]


def build_clean_plan(there: Situation, place: Place, *, with_istio: bool, timeout: float) -> Plan:
    """The steps that remove what is there of ours; pure. An empty plan when there is nothing."""
    ours = sorted(name for name, release in there.observed.releases.items() if release.ours)
    steps: list[Step] = [UninstallRelease(name, place.namespace, timeout) for name in ours]
    released = tuple(step.key for step in steps)
    if there.observed.namespace is not None:
        steps += _namespace_steps(there, place, released, timeout)
    if with_istio and there.istio_ours and not there.users:  # nothing of Istio's is in use while pods of ours end
        steps += _istio_steps(there, released, timeout)
    return Plan(tuple(steps))


def _namespace_steps(there: Situation, place: Place, after: tuple[str, ...], timeout: float) -> list[Step]:
    if there.observed.namespace_ours:
        return [DeleteNamespace(place.namespace, timeout, after)]
    ours = [meta for meta in there.observed.objects.others if meta.labels.get(labels.PART_OF) == "lbdemo"]
    return [EmptyNamespace(place.namespace, timeout, after)] if after or ours else []


def _istio_steps(there: Situation, after: tuple[str, ...], timeout: float) -> list[Step]:
    releases = there.observed.istio.releases
    steps: list[Step] = []
    for name in (DAEMON, istio.BASE):
        if name in releases and releases[name].ours:
            steps.append(UninstallRelease(name, ISTIO_NAMESPACE, timeout, (*after, *(s.key for s in steps))))
    keys = (*after, *(step.key for step in steps))
    before, home = there.before or frozenset(), there.istio_namespace
    if labels.ours(home):
        sweep = SweepIstio(before, "", keys)  # before the namespace goes, by which the next `clean` would know of it
        home_goes = DeleteNamespace(ISTIO_NAMESPACE, timeout, (*keys, sweep.key), known=inventory.made_by_istiod)
        return [*steps, sweep, home_goes]
    if home is None:
        return [*steps, SweepIstio(before, "", keys, orphaned=True)]
    return [*steps, EmptyNamespace(ISTIO_NAMESPACE, timeout, keys), SweepIstio(before, ISTIO_NAMESPACE, keys)]


def _kept(there: Situation, *, with_istio: bool) -> str:
    if with_istio and there.istio_taken_over:
        return "lbdemo began to install it, and the istiod that runs now is somebody else's"
    if with_istio and there.istio_ours and there.users:
        return f"pods in {', '.join(there.users)} still use it"
    return ""


def compare(tools: Tools, place: Place, there: Situation, *, with_istio: bool) -> Remains:
    """Lists the cluster again; waits a little for what goes by itself."""
    kept = _kept(there, with_istio=with_istio)
    removed_istio = with_istio and there.istio_ours and not kept
    deadline = tools.clock() + SETTLING
    while True:
        left = _left(tools, place, there, istio_too=removed_istio)
        if not left or tools.clock() >= deadline or all(reason for _, reason in left):
            return Remains(
                left=left,
                compared=len(there.before or ()),
                istio_stays=there.istio_ours and not removed_istio,
                kept_istio=kept,
            )
        tools.pause(INTERVAL)


def _left(tools: Tools, place: Place, there: Situation, *, istio_too: bool) -> tuple[tuple[Item, str], ...]:
    spaces = [place.namespace, *([ISTIO_NAMESPACE] if istio_too else [])]
    seen = {meta.name: meta.uid for meta in (there.observed.namespace, there.istio_namespace) if meta is not None}
    alive = {meta.name: meta.uid for meta in fetch(tools.kubectl, "namespaces", *spaces).of("Namespace")}
    anew = {name for name, uid in alive.items() if seen.get(name) not in (None, uid)}  # by somebody else, since then
    now = inventory.take(tools.kubectl, [space for space in spaces if space in alive and space not in anew])
    now -= {Item("Namespace", "", name) for name in anew}
    own = Item("Namespace", "", place.namespace) if there.observed.namespace_ours else None
    unknown = frozenset(item for item in now if item.namespace != place.namespace and item != own)
    new = now - (unknown if there.before is None else there.before)
    mine = [item for item in new if inventory.ours(item, spaces) and (istio_too or not inventory.of_istio(item))]
    held = {item.name for item in mine if item.kind == "Namespace" and reason_for(item, tools)}
    shared = held if there.observed.namespace_ours else held | {place.namespace}
    mine = [item for item in mine if not _others_in(item, shared)]
    return tuple((item, reason_for(item, tools)) for item in sorted(mine))


def _others_in(item: Item, shared: set[str]) -> bool:
    """In a namespace that is not ours (alone), only what carries our names can be ours."""
    ours = (labels.SERVER, labels.CLIENT, "lbdemo-", "sh.helm.release.v1.echo-")
    return item.namespace in shared and not item.name.startswith(ours)


def reason_for(item: Item, tools: Tools) -> str:
    """Why an object was left on purpose; "" when it should have gone."""
    if item.kind == inventory.CRD:
        return "objects of this kind exist, and deleting it would delete them"
    if item.kind.startswith("APIService."):
        return "it belongs to a CRD that was left"
    if item.kind.endswith(inventory.ISTIO_GROUP):
        return "lbdemo did not make it"
    if item.kind == "Namespace":
        known = inventory.made_by_istiod if item.name == ISTIO_NAMESPACE else lambda _: False
        held = [other for other in inventory.foreign(tools.kubectl, item.name) if not known(other)]
        return f"it holds {inventory.some(held)}, which lbdemo did not make" if held else ""
    return ""
