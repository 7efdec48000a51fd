"""What `up` does where something is to be changed: what must hold first, the namespaces and their locks, the plan."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from lbdemo.cluster.cleanup.take import NoteBirth, RecordIstio, TakeInventory
from lbdemo.cluster.doctor.asked import UP
from lbdemo.cluster.doctor.gate import stop_unfit
from lbdemo.cluster.image.delivery import Delivery
from lbdemo.cluster.image.step import DeliverImage
from lbdemo.cluster.install import addons, preflight, rights
from lbdemo.cluster.install.fitness import fitness_of
from lbdemo.cluster.install.hold import hold
from lbdemo.cluster.install.look import Look
from lbdemo.cluster.istio.control_planes import DAEMON
from lbdemo.cluster.istio.observe import ObservedWithIstio
from lbdemo.cluster.istio.setup import BASE
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.steps import Plan, Reporter, Step, Tools, execute, reported
from lbdemo.config import ISTIO_NAMESPACE, UpConfig
from lbdemo.kube.answers import Right
from lbdemo.kube.api import Api
from lbdemo.tools.kubectl import Context


def converge(
    tools: Tools, config: UpConfig, context: Context, seen: Look, again: Callable[[], Look], cleanup: Api,
    reporter: Reporter, held: frozenset[str],
) -> tuple[Look, addons.Brought]:  # fmt: skip
    """Carries out what was planned, and gives it; `again` looks once more where somebody may have been at work.

    Raises LbdemoError.
    """
    _check(tools, config, context, seen)
    with _prepared(tools, config, seen.observed, cleanup, reporter, istio=seen.installs_istio, held=held) as untouched:
        if not untouched:  # while we waited for the lock
            seen = again()
        execute(Plan((*_inventory(config, seen), *seen.plan.steps)), tools, reporter)
        return seen, addons.bring(seen.more, tools, reporter)


def _check(tools: Tools, config: UpConfig, context: Context, seen: Look) -> None:
    """Raises what would stop it later: rights, the cluster's policies, Helm, Docker."""
    there = seen.observed.namespace
    with preflight.asked(tools) as answers:
        rights.check(tools.api, _needed(config, seen))
        if there is None or not there.deleting:  # what goes with the old one stops nobody
            unfit = fitness_of(UP, context, config)
            stop_unfit(tools, replace(unfit, repairs=ISTIO_NAMESPACE) if seen.installs_istio else unfit)
        answers.check(tools, _delivery(seen.plan))


def _delivery(plan: Plan) -> Delivery | None:
    return next((step.delivery for step in plan.steps if isinstance(step, DeliverImage)), None)


def _needed(config: UpConfig, seen: Look) -> tuple[Right, ...]:
    named = [name for release in seen.desired.releases for name in release.policies]
    needed = rights.needed(
        Plan((*seen.plan.steps, *seen.more.plan.steps)), config.place.namespace, new=seen.observed.namespace is None,
        policies=named.count(labels.SERVER), installs_istio=seen.installs_istio,
    )  # fmt: skip
    return (*needed, *seen.more.rights(config.place.namespace))


def _inventory(config: UpConfig, seen: Look) -> tuple[Step, ...]:
    """Taken before anything is changed that would be in it: an adopted namespace's releases and Istio wait for it.

    Otherwise it is taken while the pods come up, when there is nothing else to do; so is what comes with our new
    namespaces by itself, and what our Istio consists of.
    """
    name, observed, istio = config.place.namespace, seen.observed, seen.installs_istio
    ours = observed.namespace is None or observed.namespace.deleting or observed.namespace_ours
    own = frozenset({*([name] if ours else []), *([ISTIO_NAMESPACE] if istio else [])})
    after = (labels.SERVER, labels.CLIENT) if ours and not istio else ()
    keepers = (name, *([ISTIO_NAMESPACE] if istio else []))
    steps: list[Step] = [TakeInventory(name, keepers, own, after=after, new=observed.namespace is None)]
    installed = istio and any(step.key in (BASE, DAEMON) for step in seen.plan.steps)
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
