"""The add-ons beside what `up` installs: after it, so that nothing of it waits for them or fails with them."""

from __future__ import annotations

from dataclasses import dataclass, field

from lbdemo.cluster.addons import observe
from lbdemo.cluster.addons.plan import Planned, Wish, planned
from lbdemo.cluster.install.strategies import STRATEGIES
from lbdemo.cluster.istio.observe import ObservedWithIstio
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.steps import Reporter, StoppedError, Tools, execute
from lbdemo.config import UpConfig
from lbdemo.errors import InputError, LbdemoError


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of them: what was planned, and why not all of it came about (None: it did)."""

    planned: Planned = field(default_factory=Planned)
    failure: LbdemoError | None = None


def plan_addons(tools: Tools, config: UpConfig, observed: ObservedWithIstio) -> Planned:
    """What is to be done for --addons; changes nothing. Raises InputError where there is no mesh to look at."""
    if not config.addons:
        return Planned()
    if STRATEGIES[config.strategy].mesh is None:
        raise InputError(
            f"--addons shows a mesh, and strategy {config.strategy} has none", "add --istio, or --strategy xds"
        )
    istio, name = observed.istio, config.place.namespace
    there = observed.namespace is not None and not observed.namespace.deleting
    version = config.istio.version if istio.to_install else istio.version
    wish = Wish(name, istio.namespace, version, config.addons_from, config.timeout)
    seen = observe.observe(tools.api, name, istio.namespace, there=there)
    return planned(wish, seen, observed.releases.get(labels.ADDONS) if there else None)


def bring(wanted: Planned, tools: Tools, reporter: Reporter) -> Brought:
    """Carries it out. What fails is given, not raised: all the rest of `up` has succeeded by now."""
    try:
        execute(wanted.plan, tools, reporter)
    except StoppedError:
        raise
    except LbdemoError as failure:
        return Brought(wanted, failure)
    return Brought(wanted)


def commands(wanted: Planned, tools: Tools) -> list[str]:
    """The same as commands to paste, and whose are used as they are."""
    used = [f"# {line}" for line in told(wanted)]
    return [*used, *wanted.plan.commands(tools)]


def told(wanted: Planned) -> list[str]:
    """Whose add-ons are used as they are, for a person."""
    return [f"{name} in namespace {place} is somebody else's: it is used" for name, place in wanted.used.items()]
