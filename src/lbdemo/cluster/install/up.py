"""`up`: from whatever is there to what was asked for."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from functools import partial

from lbdemo.cluster.install import addons, tracing
from lbdemo.cluster.install.desired import Desired
from lbdemo.cluster.install.look import Look, look
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.steps import Plan, Reporter, Tools
from lbdemo.config import ISTIO_NAMESPACE, UpConfig
from lbdemo.kube.answers import need
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


def up(
    tools: Tools, config: UpConfig, context: Context, cleanup: Api, reporter: Reporter,
    held: frozenset[str] = frozenset(),
) -> Outcome:  # fmt: skip
    """Converges. The context must have been checked and shown before.

    `cleanup` still works after Ctrl-C, to give the lock back; `held` are the namespaces whose lock the caller holds.
    Raises LbdemoError.
    """
    again = partial(look, tools, config, context)
    seen = again()
    brought = addons.Brought(seen.more)
    if not seen.done:
        from lbdemo.cluster.install.converge import converge  # who changes nothing does not load what changes

        seen, brought = converge(tools, config, context, seen, again, cleanup, reporter, held)
    return Outcome(seen.plan, seen.desired, brought, tracing.lacking(seen.observed.istio, seen.desired.provider))


def describe(tools: Tools, config: UpConfig, seen: Look) -> list[str]:
    """The plan without the add-ons' as shell commands; a comment when there is nothing to do."""
    if not seen.plan:
        return ["# nothing to change"]
    names = [config.place.namespace, *([ISTIO_NAMESPACE] if seen.installs_istio else [])]
    found = {name: need(tools.api.get(NAMESPACES, name)) for name in names}
    missing = [name for name, there in found.items() if there is None or there.meta.deleting]
    return [line for name in missing for line in _new_namespace(tools, name)] + seen.plan.commands(tools)


def _new_namespace(tools: Tools, name: str) -> list[str]:
    marks = [f"{key}={value}" for key, value in labels.OURS.items()]
    return [
        f"# namespace {name}",
        shlex.join(tools.kubectl.argv("create", "namespace", name)),
        shlex.join(tools.kubectl.argv("label", f"namespace/{name}", *marks)),
    ]
