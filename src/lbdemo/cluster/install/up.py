"""`up`: from whatever is there to what was asked for."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from lbdemo import resources
from lbdemo.cluster.cleanup.take import NoteBirth, RecordIstio, TakeInventory
from lbdemo.cluster.doctor.asked import UP, Asked
from lbdemo.cluster.image.content import Recipe
from lbdemo.cluster.image.delivery import Delivery
from lbdemo.cluster.image.step import DeliverImage, recipe_of
from lbdemo.cluster.install import addons, page, preflight, rights, tracing
from lbdemo.cluster.install.desired import Desired, desire
from lbdemo.cluster.install.fitness import fitness_of
from lbdemo.cluster.install.hold import hold
from lbdemo.cluster.install.plan import build_plan
from lbdemo.cluster.install.strategies import STRATEGIES
from lbdemo.cluster.install.strategies.base import Cluster
from lbdemo.cluster.install.surroundings import read_surroundings
from lbdemo.cluster.istio.control_planes import DAEMON
from lbdemo.cluster.istio.observe import ObservedWithIstio, observe
from lbdemo.cluster.istio.setup import BASE
from lbdemo.cluster.istio.state import chosen
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.steps import Plan, Reporter, Step, Tools, execute, reported
from lbdemo.config import ISTIO_NAMESPACE, UpConfig
from lbdemo.kube.answers import Right, need
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import NAMESPACES
from lbdemo.tools.kubectl import Context


@dataclass(frozen=True, slots=True)
class Outcome:
    """What `up` did: the plan that was carried out (empty when nothing had to change), and for which strategy.

    `addons` is what became of those, which may have failed where all the rest is there.
    """

    plan: Plan
    desired: Desired
    addons: addons.Brought = field(default_factory=addons.Brought)
    lacking: tuple[str, ...] = ()  # what the operator of somebody else's Istio has to add for traces, in lines

    @property
    def changed(self) -> bool:
        """Whether there was something to do."""
        return bool(self.plan or self.addons.planned.plan)


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


def up(
    tools: Tools, config: UpConfig, context: Context, cleanup: Api, reporter: Reporter,
    held: frozenset[str] = frozenset(),
) -> Outcome:  # fmt: skip
    """Converges. The context must have been checked and shown before.

    `cleanup` still works after Ctrl-C, to give the lock back; `held` are the namespaces whose lock the caller holds.
    Raises LbdemoError.
    """
    observed, desired, plan = plan_up(tools, config, context)
    more = addons.plan_addons(tools, config, observed)
    if not plan and not more.plan and observed.has_inventory:
        return Outcome(plan, desired, addons.Brought(more), tracing.lacking(observed.istio, desired.provider))
    istio = installs_istio(observed, desired)
    with preflight.asked(tools) as answers:
        needed = _needed(config, observed, desired, Plan((*plan.steps, *more.plan.steps)))
        rights.check(tools.api, (*needed, *more.rights(config.place.namespace)))
        if observed.namespace is None or not observed.namespace.deleting:  # what goes with the old one stops nobody
            unfit = fitness_of(UP, context, config)
            _stop_unfit(tools, replace(unfit, repairs=ISTIO_NAMESPACE) if istio else unfit)
        answers.check(tools, _delivery(plan))
    with _prepared(tools, config, observed, cleanup, reporter, istio=istio, held=held) as untouched:
        if not untouched:  # somebody may have been at work while we waited for the lock
            observed, desired, plan = plan_up(tools, config, context)
            more = addons.plan_addons(tools, config, observed)
        execute(Plan((*_inventory(config, observed, plan, istio=istio), *plan.steps)), tools, reporter)
        brought = addons.bring(more, tools, reporter)
    return Outcome(plan, desired, brought, tracing.lacking(observed.istio, desired.provider))


def _stop_unfit(tools: Tools, asked: Asked) -> None:
    from lbdemo.cluster.doctor.gate import stop_unfit  # who changes nothing does not load all checks

    stop_unfit(tools, asked)


def _delivery(plan: Plan) -> Delivery | None:
    return next((step.delivery for step in plan.steps if isinstance(step, DeliverImage)), None)


def _needed(config: UpConfig, observed: ObservedWithIstio, desired: Desired, plan: Plan) -> tuple[Right, ...]:
    named = [name for release in desired.releases for name in release.policies]
    return rights.needed(
        plan, config.place.namespace, new=observed.namespace is None, policies=named.count(labels.SERVER),
        installs_istio=installs_istio(observed, desired),
    )  # fmt: skip


def installs_istio(observed: ObservedWithIstio, desired: Desired) -> bool:
    """Whether the Istio in use is, or will be, lbdemo's own."""
    return desired.strategy.mesh is not None and desired.strategy.mesh.installs(observed)


def _inventory(config: UpConfig, observed: ObservedWithIstio, plan: Plan, *, istio: bool) -> tuple[Step, ...]:
    """Taken before anything is changed that would be in it: an adopted namespace's releases and Istio wait for it.

    Otherwise it is taken while the pods come up, when there is nothing else to do; so is what comes with our new
    namespaces by itself, and what our Istio consists of.
    """
    name = config.place.namespace
    ours = observed.namespace is None or observed.namespace.deleting or observed.namespace_ours
    own = frozenset({*([name] if ours else []), *([ISTIO_NAMESPACE] if istio else [])})
    after = (labels.SERVER, labels.CLIENT) if ours and not istio else ()
    keepers = (name, *([ISTIO_NAMESPACE] if istio else []))
    steps: list[Step] = [TakeInventory(name, keepers, own, after=after, new=observed.namespace is None)]
    installed = istio and any(step.key in (BASE, DAEMON) for step in plan.steps)
    young = (*([name] if ours and not observed.has_inventory else []), *([ISTIO_NAMESPACE] if installed else []))
    steps += [NoteBirth(young)] if young else []
    steps += [RecordIstio(keepers, after=("inventory", "istio"))] if installed else []
    return tuple(steps)


@contextlib.contextmanager
def _prepared(
    tools: Tools, config: UpConfig, observed: ObservedWithIstio, cleanup: Api, reporter: Reporter, *, istio: bool,
    held: frozenset[str],
) -> Iterator[bool]:  # fmt: skip
    """The namespaces made, and their locks held; gives True when all is certainly as it was observed."""
    name = config.place.namespace
    absent = observed.namespace is None
    there = observed.namespace is not None and not observed.namespace.deleting
    spaces = [name, *([ISTIO_NAMESPACE] if istio else [])]
    untouched = absent
    with contextlib.ExitStack() as locks:
        with reported(tools, reporter, "namespace", f"namespace {name}") as say:
            for space in (space for space in spaces if space not in held):
                here = space == name
                _, new = hold(
                    tools, space, config.timeout, cleanup, say, locks, there=here and there, absent=here and absent
                )
                untouched &= new
        yield untouched


def describe(tools: Tools, config: UpConfig, observed: ObservedWithIstio, desired: Desired, plan: Plan) -> list[str]:
    """The plan as shell commands; a comment when there is nothing to do."""
    if not plan:
        return ["# nothing to change"]
    names = [config.place.namespace, *([ISTIO_NAMESPACE] if installs_istio(observed, desired) else [])]
    found = {name: need(tools.api.get(NAMESPACES, name)) for name in names}
    missing = [name for name, there in found.items() if there is None or there.meta.deleting]
    return [line for name in missing for line in _new_namespace(tools, name)] + plan.commands(tools)


def _new_namespace(tools: Tools, name: str) -> list[str]:
    marks = [f"{key}={value}" for key, value in labels.OURS.items()]
    return [
        f"# namespace {name}",
        shlex.join(tools.kubectl.argv("create", "namespace", name)),
        shlex.join(tools.kubectl.argv("label", f"namespace/{name}", *marks)),
    ]
