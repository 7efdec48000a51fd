"""`clean`: removes what lbdemo made and nothing else, then compares the cluster with what it was before."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from lbdemo.cluster.cleanup.namespaces import DeleteNamespace, await_gone
from lbdemo.cluster.cleanup.proof import Removal
from lbdemo.cluster.cleanup.remains import Remains, elsewhere, find_remains
from lbdemo.cluster.cleanup.removal import EmptyNamespace, UninstallRelease
from lbdemo.cluster.cleanup.sweep import SweepIstio
from lbdemo.cluster.cleanup.take import RecordIstio
from lbdemo.cluster.cleanup.targets import Targets, find_targets
from lbdemo.cluster.kernel import lock
from lbdemo.cluster.kernel.steps import Plan, Reporter, Say, Step, Tools, execute, reported
from lbdemo.config import ISTIO_NAMESPACE, Place
from lbdemo.kube.api import Api

Explain = Callable[[str], None]
"""Is told each removal as a line to paste, with the reason why it is ours."""


def not_explained(_: str) -> None:
    """For who does not want to know."""


def clean(
    tools: Tools, place: Place, cleanup: Api, reporter: Reporter, *, with_istio: bool, timeout: float,
    explain: Explain = not_explained, held: frozenset[str] = frozenset(),
) -> Remains:  # fmt: skip
    """Removes, then compares. Raises LbdemoError when a removal fails; `Remains.left` is the answer.

    `held` are the namespaces whose lock the caller holds.
    """
    there = find_targets(tools, place, with_istio=with_istio)
    if not build_clean_plan(there, place, with_istio=with_istio, timeout=timeout):
        kept = there.kept_istio(with_istio=with_istio)
        return Remains(True, istio_stays=there.istio_ours, kept_istio=kept, elsewhere=elsewhere(tools.api, place))
    locked = True
    with contextlib.ExitStack() as locks:
        for namespace in _places(there, with_istio=with_istio, held=held):
            with reported(tools, reporter, f"lock/{namespace}", f"namespace {namespace}", quiet=True) as say:
                locked = locked and _lock(tools, cleanup, namespace, timeout, say, locks)
        if locked:
            there = find_targets(tools, place, with_istio=with_istio)  # somebody may have been at work before our locks
            plan = build_clean_plan(there, place, with_istio=with_istio, timeout=timeout, explain=explain)
            for line in _reasons(plan, tools):
                explain(line)
            execute(plan, tools, reporter)
            return find_remains(tools, place, there, with_istio=with_istio)
    # What is there by now may be another one of that name: it is looked at, and locked, anew.
    return clean(tools, place, cleanup, reporter, with_istio=with_istio, timeout=timeout, explain=explain, held=held)


def describe(tools: Tools, place: Place, *, with_istio: bool, timeout: float) -> list[str]:
    """What `clean` would remove, as commands, each with the reason why it is ours; changes nothing."""
    there = find_targets(tools, place, with_istio=with_istio)
    plan = build_clean_plan(there, place, with_istio=with_istio, timeout=timeout)
    kept = there.kept_istio(with_istio=with_istio)
    return [*(plan.commands(tools) or ["# nothing to remove"]), *([f"# Istio stays: {kept}"] if kept else [])]


def _reasons(plan: Plan, tools: Tools) -> list[str]:
    kinds = (UninstallRelease, DeleteNamespace)  # the others explain what they find when they are at it
    return [line for step in plan.steps if isinstance(step, kinds) for line in step.commands(tools) if "#" in line]


def _lock(tools: Tools, cleanup: Api, namespace: str, timeout: float, say: Say, locks: contextlib.ExitStack) -> bool:
    """Holds the lock; False when another `clean` has removed the namespace meanwhile."""
    try:
        locks.enter_context(lock.held(tools, cleanup, namespace, timeout, say))
    except lock.GONE:
        await_gone(tools, namespace, timeout, say)
        return False
    return True


def _places(there: Targets, *, with_istio: bool, held: frozenset[str]) -> list[str]:
    """The namespaces to lock, in the order in which `up` locks them."""
    istio = [there.home] if there.removes_istio(with_istio=with_istio) else []
    spaces = [space.meta for space in (there.namespace, *istio) if space is not None]
    return [meta.name for meta in spaces if not meta.deleting and meta.name not in held]


def build_clean_plan(
    there: Targets, place: Place, *, with_istio: bool, timeout: float, explain: Explain = not_explained
) -> Plan:
    """The steps that remove what is there of ours; pure. An empty plan when there is nothing."""
    steps: list[Step] = []
    if there.removes_istio(with_istio=with_istio):
        steps += _record_steps(there, place)
    noted = tuple(step.key for step in steps)
    for name in there.releases:
        steps.append(UninstallRelease(name, place.namespace, timeout, noted, _of(there.held, name)))
    released = tuple(step.key for step in steps)
    # Nothing of Istio's is in use while pods of ours end; but what is left of one is known by what the namespace keeps.
    gone = there.removes_istio(with_istio=with_istio)
    istio = _istio_steps(there, place, released, timeout, explain) if gone else []
    swept = tuple(step.key for step in istio) if there.home is None else ()
    here = _namespace_steps(there, place, (*released, *swept), timeout) if there.namespace is not None else []
    return Plan((*steps, *istio, *here) if swept else (*steps, *here, *istio))


def _of(held: tuple[Removal, ...], release: str) -> tuple[Removal, ...]:
    return tuple(one for one in held if one.object.release is not None and one.object.release.name == release)


def _record_steps(there: Targets, place: Place) -> list[Step]:
    """What Istio consists of is noted while its releases hold it: an interrupted `clean` is gone on with by that."""
    kept = {place.namespace: there.before_here is not None, ISTIO_NAMESPACE: there.before_home is not None}
    keepers = tuple(name for name, has_inventory in kept.items() if has_inventory)
    return [RecordIstio(keepers)] if there.istios_releases and keepers else []


def _namespace_steps(there: Targets, place: Place, after: tuple[str, ...], timeout: float) -> list[Step]:
    if there.keeps_record:
        return []
    if there.namespace_ours and there.namespace is not None:
        proof = there.proof(place, with_istio=False)
        return [DeleteNamespace(place.namespace, there.namespace.meta.uid, timeout, after, proof)]
    if there.releases or there.before_here is not None:
        return [EmptyNamespace(place.namespace, timeout, after, there.held, there.replica_sets)]
    return []


def _istio_steps(there: Targets, place: Place, after: tuple[str, ...], timeout: float, explain: Explain) -> list[Step]:
    steps: list[Step] = []
    keys = after
    for name in there.istios_releases:
        steps.append(UninstallRelease(name, ISTIO_NAMESPACE, timeout, keys, _of(there.held_istio, name)))
        keys = (*keys, name)
    proof = there.proof(place, with_istio=True)
    stays = there.home is not None and not there.home_ours
    sweep = SweepIstio(proof, keys, home_stays=stays, known=there.held_istio, explain=explain)
    if there.home is None:
        return [*steps, sweep]
    if stays:  # what is ours in it are its releases, and what istiod wrote there
        return [*steps, sweep, EmptyNamespace(ISTIO_NAMESPACE, timeout, (*keys, sweep.key))]
    # The namespace goes last: by it the next `clean` would know of all the rest.
    uid = there.home.meta.uid
    return [*steps, sweep, DeleteNamespace(ISTIO_NAMESPACE, uid, timeout, (*keys, sweep.key), proof)]
