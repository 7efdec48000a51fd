"""Brings the page to what `up` has installed, and nothing else: the release keeps all its other values."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lbdemo import resources
from lbdemo.cluster.install import page, rights
from lbdemo.cluster.install.hold import hold
from lbdemo.cluster.install.plan import untouched
from lbdemo.cluster.install.strategies import STRATEGIES
from lbdemo.cluster.install.strategies.base import non_default
from lbdemo.cluster.install.values import EnvoyValues, Values, image_values
from lbdemo.cluster.istio.observe import ObservedWithIstio, observe
from lbdemo.cluster.istio.rollout import AwaitPods
from lbdemo.cluster.kernel import labels, reference
from lbdemo.cluster.kernel.observe import Release
from lbdemo.cluster.kernel.releases import InstallRelease
from lbdemo.cluster.kernel.steps import Plan, Reporter, Tools, execute, reported
from lbdemo.config import Place
from lbdemo.errors import InputError
from lbdemo.kube.answers import Right
from lbdemo.kube.api import Api
from lbdemo.tools.helm import Chart, Install

FORWARD = ("create", "pods/portforward")
SELECTOR = f"{labels.SELECTOR},{labels.RELEASE}={labels.SERVER}"


@dataclass(frozen=True, slots=True)
class Wish:
    """Where the page should be, Envoy's image for it, and how long its pod may take, in seconds."""

    place: Place
    image: str
    timeout: float = 300.0


def bring(tools: Tools, wish: Wish, cleanup: Api, reporter: Reporter) -> bool:
    """Sees to it that the page is served in the namespace; says whether something had to change.

    Raises InputError where `up` has installed nothing, LbdemoError when it does not work.
    """
    namespace = wish.place.namespace
    plan = planned(tools, wish)
    rights.check(tools.api, (Right(*FORWARD, "", namespace), *(needed(plan, namespace) if plan else ())))
    if not plan:
        return False
    with contextlib.ExitStack() as locks:
        with reported(tools, reporter, "namespace", f"namespace {namespace}", quiet=True) as say:
            hold(tools, namespace, wish.timeout, cleanup, say, locks, there=True)
        execute(planned(tools, wish), tools, reporter)  # looked at anew: somebody may have been at work meanwhile
    return True


def needed(plan: Plan, namespace: str) -> tuple[Right, ...]:
    """The rights that it takes: those for the whole release, its policies in a mesh among them."""
    [release] = [step.install for step in plan.steps if isinstance(step, InstallRelease)]
    mesh = STRATEGIES[release.labels[labels.STRATEGY]].mesh
    traced = bool(release.values.get("trace", {}).get("provider"))
    policies = len(mesh.policies(release.release, traced=traced)) if mesh else 0
    return rights.needed(plan, namespace, new=False, policies=policies, installs_istio=False)


def planned(tools: Tools, wish: Wish) -> Plan:
    """What has to be done; nothing where the page is served already, just as it should be."""
    observed = observe(tools, wish.place.namespace, istio=False)
    release = installed(observed, wish.place)
    given = tools.helm.values(release.name, release.namespace)
    wanted = with_page(given, wish.image)
    there = observed.deployment(page.NAME)
    if wanted == given and there is not None and untouched(there) and there.complete:
        return Plan()
    digest = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:16]
    marks = {labels.PART_OF: "lbdemo", labels.DIGEST: digest, labels.STRATEGY: release.strategy}
    values, files = page.by_files(wanted)
    install = Install(
        release=release.name, namespace=release.namespace, chart=Chart(str(resources.chart_folder())), values=values,
        files=files, labels=marks | {labels.POLICY: release.policy}, timeout=wish.timeout, validate=False,
    )  # fmt: skip
    of_it = (d.meta for d in observed.objects.deployments if d.meta.labels.get(labels.RELEASE) == release.name)
    names = dict.fromkeys((*(meta.name for meta in of_it), page.NAME))
    waiting = AwaitPods(
        release.namespace, tuple(names), SELECTOR, wish.timeout, after=(release.name,),
        sidecars=in_mesh(wanted), notes=((labels.STRATEGY, release.strategy), (labels.POLICY, release.policy)),
    )  # fmt: skip
    return Plan((InstallRelease(release.name, f"release {release.name}, with the page", install), waiting))


def installed(observed: ObservedWithIstio, place: Place) -> Release:
    """The servers' release. Raises InputError where there is none, or where it is half-installed."""
    there = observed.releases.get(labels.SERVER)
    if there is None or observed.namespace is None or observed.namespace.deleting:
        raise InputError(
            f"there are no servers of lbdemo's in namespace {place.namespace}", "`lbdemo up` installs them"
        )
    if there.status != "deployed" or there.strategy not in STRATEGIES:
        raise InputError(f"release {there.name} is {there.status}, strategy {there.strategy}", "`lbdemo up` mends it")
    return there


def with_page(given: Mapping[str, Any], image: str) -> dict[str, Any]:
    """A release's values with the page, and this image for its Envoy; the image of the strategy's own stays."""
    mesh = in_mesh(given)
    own = Values("server", ui=page.page_values(mesh=mesh))
    envoy = dict(given.get("envoy", {}))
    if not envoy.get("enabled"):
        told = non_default(Values("server", envoy=EnvoyValues(image=image_values(reference.split(image)))))
        envoy = {key: value for key, value in envoy.items() if key != "image"} | told.get("envoy", {})
    return {**given, **({"envoy": envoy} if envoy else {}), "ui": non_default(own)["ui"]}


def in_mesh(values: Mapping[str, Any]) -> bool:
    """Whether the release's pods have sidecars."""
    return bool(values.get("istio", {}).get("enabled"))
