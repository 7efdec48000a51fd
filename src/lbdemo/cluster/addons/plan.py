"""From what is asked of add-ons and what is there of them to a plan. Only what has to be installed is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lbdemo.cluster.addons import manifests, source
from lbdemo.cluster.addons.catalogue import ADDONS, Addon, Addresses
from lbdemo.cluster.addons.observe import Seen
from lbdemo.cluster.addons.ready import AwaitAddons, Wanted
from lbdemo.cluster.istio.setup import unstick
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.observe import Release
from lbdemo.cluster.kernel.releases import InstallRelease, of_objects
from lbdemo.cluster.kernel.steps import Plan
from lbdemo.kube.answers import Right

WAIT = "addons"
# Beside what every release of lbdemo's takes: they read the whole cluster, and are given the right to.
FURTHER = (
    ("create", "clusterroles", "rbac.authorization.k8s.io"),
    ("create", "clusterrolebindings", "rbac.authorization.k8s.io"),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """Add-ons of the Istio of this version in the namespace `home`, into `namespace`, from `asked` ("": its release's).

    `timeout` is how long their pods may take, in seconds.
    """

    namespace: str
    home: str
    version: str
    asked: str = ""
    timeout: float = 300.0


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to be done, and the add-ons of somebody else that are used: name to namespace."""

    plan: Plan = field(default_factory=Plan)
    used: Mapping[str, str] = field(default_factory=dict)

    def rights(self, namespace: str) -> tuple[Right, ...]:
        """What it takes beside the rights to install a release in the namespace."""
        if not any(isinstance(step, InstallRelease) for step in self.plan.steps):
            return ()
        return (Right("create", "serviceaccounts", "", namespace), *(Right(*right) for right in FURTHER))


def planned(wish: Wish, seen: Seen, release: Release | None) -> Planned:
    """The steps from what was seen to all add-ons; none when all are there. `release` is lbdemo's, as it is now.

    Raises InputError or OperationFailedError when manifests cannot be had, or cannot be lbdemo's.
    """
    wanted = [addon for addon in ADDONS.values() if addon.name not in seen.others]
    if not wanted:
        return Planned(used=seen.others)
    places = {name: seen.others.get(name, wish.namespace) for name in ADDONS}
    names = [addon.name for addon in wanted]
    where = source.place(wish.asked, wish.version)
    digest = source.digest(where, names, wish.namespace, wish.home, places)
    if _installed(release, digest) and all(map(seen.intact, wanted)):
        return Planned(_wait(wish, seen, wanted), seen.others)
    target = manifests.Target(wish.namespace, wish.home, Addresses(places), digest)
    objects = manifests.adapted(source.read(where, names), target)
    install = of_objects(labels.ADDONS, wish.namespace, objects, digest, wish.timeout)
    title = f"add-ons of {where}"
    ready = tuple(Wanted(name, there) for name, there in manifests.deployments(objects).items())
    steps = (
        InstallRelease(labels.ADDONS, title, install, unstick=unstick(release)),
        AwaitAddons(wish.namespace, _names(ready), "", wish.timeout, key=WAIT, after=(labels.ADDONS,), addons=ready),
    )
    return Planned(Plan(steps), seen.others)


def _installed(release: Release | None, digest: str) -> bool:
    return release is not None and release.status == "deployed" and release.digest == digest


def _wait(wish: Wish, seen: Seen, wanted: Sequence[Addon]) -> Plan:
    """The wait for those that are not ready; those that had given up are begun anew."""
    late = [addon.name for addon in wanted if not all(d.complete for d in seen.of(addon.name))]
    if not late:
        return Plan()
    ready = tuple(Wanted(name, tuple(d.meta.name for d in seen.of(name))) for name in late)
    restart = tuple(deployment for name in late for deployment in seen.stuck(name))
    wait = AwaitAddons(wish.namespace, _names(ready), "", wish.timeout, key=WAIT, restart=restart, addons=ready)
    return Plan((wait,))


def _names(ready: Sequence[Wanted]) -> tuple[str, ...]:
    return tuple(name for addon in ready for name in addon.deployments)
