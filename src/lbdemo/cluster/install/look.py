"""The look at the cluster with which `up` begins, and the plan that follows from it. Nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lbdemo import resources
from lbdemo.cluster.addons.plan import Planned
from lbdemo.cluster.image.content import Recipe
from lbdemo.cluster.image.step import recipe_of
from lbdemo.cluster.install import addons, page, preflight, tracing
from lbdemo.cluster.install.desired import Desired, desire
from lbdemo.cluster.install.plan import build_plan
from lbdemo.cluster.install.strategies import STRATEGIES
from lbdemo.cluster.install.strategies.base import Cluster
from lbdemo.cluster.install.surroundings import read_surroundings
from lbdemo.cluster.istio.observe import ObservedWithIstio, observe
from lbdemo.cluster.istio.state import chosen
from lbdemo.cluster.kernel.steps import Plan, Tools
from lbdemo.config import UpConfig
from lbdemo.tools.kubectl import Context


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen, what is wanted, and what is to be done for it: the plan, and after it the add-ons."""

    observed: ObservedWithIstio
    desired: Desired
    plan: Plan
    more: Planned

    @property
    def done(self) -> bool:
        """Whether there is nothing to do."""
        return not self.plan and not self.more.plan and self.observed.has_inventory

    @property
    def installs_istio(self) -> bool:
        """Whether the Istio in use is, or will be, lbdemo's own."""
        mesh = self.desired.strategy.mesh
        return mesh is not None and mesh.installs(self.observed)


def look(tools: Tools, config: UpConfig, context: Context) -> Look:
    """Looks and plans, as `plan_up` does, with the add-ons."""
    observed, desired, plan = plan_up(tools, config, context)
    return Look(observed, desired, plan, addons.plan_addons(tools, config, observed))


def plan_up(tools: Tools, config: UpConfig, context: Context) -> tuple[ObservedWithIstio, Desired, Plan]:
    """Looks at the cluster and plans; changes nothing. Raises InputError for a namespace that is not ours to use."""
    mesh = STRATEGIES[config.strategy].mesh
    observed = observe(tools, config.place.namespace, istio=mesh is not None)
    preflight.check_namespace(config, observed)
    config = with_page_kept(config, _staying(observed))
    if mesh is not None:
        serving = chosen(observed.istio, config.istio.revision, observed, sidecars=mesh.sidecars)
        observed = replace(observed, istio=serving)
    in_use = [image for deployment in observed.objects.deployments for image in deployment.images]
    if not in_use and not config.image:
        preflight.warm_docker(tools)
    cluster = read_surroundings(tools.api, config, observed.istio)
    config = tracing.settled(tools, config, observed, observed.istio.namespace)
    if mesh is not None and mesh.sidecars:
        asked = tracing.wanted(config, cluster.domain)
        istio, provider = tracing.with_providers(tools, config, observed.istio, asked)
        observed, cluster = replace(observed, istio=istio), replace(cluster, provider=provider)
    unbuilt = Recipe(architecture=cluster.architecture)
    desired, plan = _planned(config, context, observed, cluster, unbuilt, in_use)
    preflight.check_foreign_releases(tools, config, observed, [release.name for release in desired.releases])
    if not plan or config.image:  # what runs is of these files: on which base Docker would build now is not asked
        return observed, desired, plan
    recipe = recipe_of(tools, cluster.architecture)
    return observed, *_planned(config, context, observed, cluster, recipe, in_use)


def with_page_kept(config: UpConfig, observed: ObservedWithIstio) -> UpConfig:
    """The configuration with the page that `lbdemo ui` has brought, and its Envoy's image: `up` takes none away."""
    served = observed.deployment(page.NAME)
    return replace(config, page_image=served.images[0]) if served is not None and served.images else config


def _planned(
    config: UpConfig, context: Context, observed: ObservedWithIstio, cluster: Cluster, recipe: Recipe,
    in_use: Sequence[str],
) -> tuple[Desired, Plan]:  # fmt: skip
    chart = resources.chart_folder()
    desired = desire(config, context, cluster, chart, recipe, in_use)
    return desired, build_plan(config, _staying(observed), desired, str(chart))


def _staying(observed: ObservedWithIstio) -> ObservedWithIstio:
    """Without what goes with a namespace that is being deleted."""
    if observed.namespace is None or not observed.namespace.deleting:
        return observed
    return ObservedWithIstio(None, istio=replace(observed.istio, policies=()))
