"""`clean` plans to remove what is ours and nothing else; and the whole of it, on a fake API server."""

from __future__ import annotations

from dataclasses import replace

import pytest
from clean_objects import found, space
from fakes import FakeRun, tools
from worlds import CONFIG, converged, istiod

from lbdemo.cluster.cleanup.clean import build_clean_plan
from lbdemo.cluster.cleanup.inventory import Inventory
from lbdemo.cluster.cleanup.namespaces import DeleteNamespace
from lbdemo.cluster.cleanup.proof import Removal
from lbdemo.cluster.cleanup.removal import EmptyNamespace, UninstallRelease
from lbdemo.cluster.cleanup.sweep import SweepIstio
from lbdemo.cluster.cleanup.take import RecordIstio
from lbdemo.cluster.cleanup.targets import Targets
from lbdemo.cluster.cleanup.users import IstioUsers
from lbdemo.cluster.istio.observe import ObservedWithIstio
from lbdemo.cluster.kernel.steps import Plan
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.kube.records.cluster import Namespace, parse_namespace

ISTIO = replace(CONFIG, strategy="istio")


def namespace(name: str = "lbdemo", *, ours: bool = True) -> Namespace:
    return parse_namespace(space(name, ours=ours))


HOME = namespace(ISTIO_NAMESPACE)
INSTALLED = Targets(converged(), namespace(), before_here=Inventory())
WITH_ISTIO = Targets(converged(ISTIO), namespace(), HOME, Inventory(), Inventory())


def planned(there: Targets, *, with_istio: bool = False) -> Plan:
    return build_clean_plan(there, CONFIG.place, with_istio=with_istio, timeout=60)


def keys(there: Targets, *, with_istio: bool = True) -> list[str]:
    return [step.key for step in planned(there, with_istio=with_istio).steps]


def test_nothing_there_is_nothing_to_do() -> None:
    assert keys(Targets(ObservedWithIstio(None))) == []


def test_our_namespace_goes_after_its_releases() -> None:
    plan = planned(INSTALLED)

    assert [step.key for step in plan.steps] == ["echo-client", "echo-server", "namespace/lbdemo"]
    assert set(plan.steps[-1].after) == {"echo-client", "echo-server"}


def test_an_adopted_namespace_is_emptied_of_ours_and_stays() -> None:
    plan = planned(replace(INSTALLED, namespace=namespace(ours=False)))

    assert any(isinstance(step, EmptyNamespace) for step in plan.steps)
    assert not any(isinstance(step, DeleteNamespace) for step in plan.steps)


def test_a_namespace_where_we_installed_nothing_has_nothing_to_clean() -> None:
    """Somebody else's release of our chart is in it, with all the labels that the chart prints."""
    world = converged()
    theirs = {name: replace(release, ours=False) for name, release in world.releases.items()}

    assert keys(Targets(replace(world, releases=theirs), namespace(ours=False))) == []


@pytest.mark.parametrize("with_istio", [False, True])
def test_an_istio_of_ours_elsewhere_gives_nothing_to_do_in_a_namespace_that_never_was_ours(with_istio: bool) -> None:
    there = replace(WITH_ISTIO, observed=replace(WITH_ISTIO.observed, releases={}), namespace=namespace(ours=False),
                    before_here=None)  # fmt: skip

    plan = planned(there, with_istio=with_istio)

    assert [step.key for step in plan.steps if step.key.startswith("namespace/")] == (
        [f"namespace/{ISTIO_NAMESPACE}"] if with_istio else []
    )
    assert [step.keepers for step in plan.steps if isinstance(step, RecordIstio)] == (
        [(ISTIO_NAMESPACE,)] if with_istio else []
    )


def test_the_plan_names_each_object_and_why_it_is_ours() -> None:
    held = (Removal(found("Service", "echo-server", "lbdemo", release="echo-server"), "held by Helm release"),)

    lines = planned(replace(INSTALLED, held=held)).commands(tools(FakeRun()))

    assert "#   Service lbdemo/echo-server (held by Helm release)" in lines
    assert any(line.startswith("kubectl delete namespace lbdemo  # made by lbdemo") for line in lines)


def test_istio_goes_only_when_asked_and_after_what_uses_it() -> None:
    assert "istiod" not in keys(WITH_ISTIO, with_istio=False)
    order = keys(WITH_ISTIO)
    assert order.index("echo-server") < order.index("istiod") < order.index("istio-base") < order.index("sweep")


def test_what_istio_consists_of_is_noted_before_anything_goes() -> None:
    plan = planned(WITH_ISTIO, with_istio=True)

    assert plan.steps[0].key == "record"
    after = [step.after for step in plan.steps if isinstance(step, UninstallRelease) and step.held == ()]
    assert after
    assert all("record" in before for before in after)


def test_istio_does_not_wait_for_the_end_of_our_pods() -> None:
    [daemon] = [step for step in planned(WITH_ISTIO, with_istio=True).steps if step.key == "istiod"]

    assert set(daemon.after) == {"record", "echo-client", "echo-server"}


def test_an_istio_of_somebody_else_never_goes() -> None:
    there = replace(
        WITH_ISTIO, observed=converged(ISTIO, istiod(ours=False)), home=namespace("istio-system", ours=False)
    )

    assert not {"istiod", "istio-base", "sweep"} & set(keys(there))


def test_an_istio_that_lbdemo_began_and_somebody_else_finished_stays() -> None:
    theirs = istiod(ours=False)
    begun = replace(theirs, releases={"istio-base": istiod().releases["istio-base"]})
    there = replace(WITH_ISTIO, observed=converged(ISTIO, begun))

    assert there.istio_taken_over
    assert not {"istiod", "istio-base", "sweep", f"namespace/{ISTIO_NAMESPACE}"} & set(keys(there))


def test_an_istio_that_others_use_stays() -> None:
    there = replace(WITH_ISTIO, users=IstioUsers(("shop",)))

    assert not {"istiod", "istio-base", "sweep"} & set(keys(there))
    assert there.kept_istio(with_istio=True) == "pods in shop still use it"


def test_a_namespace_of_istio_that_is_not_ours_stays() -> None:
    steps = planned(replace(WITH_ISTIO, home=namespace(ISTIO_NAMESPACE, ours=False)), with_istio=True).steps

    assert f"namespace/{ISTIO_NAMESPACE}" in [step.key for step in steps if isinstance(step, EmptyNamespace)]
    assert [step.home_stays for step in steps if isinstance(step, SweepIstio)] == [True]


def test_what_is_left_of_an_istio_goes_before_the_namespace_that_knows_of_it() -> None:
    orphan = Removal(found("ClusterRole", "istiod"), "recorded")
    world = replace(converged(), istio=replace(converged().istio, daemons=(), injectors=(), releases={}))
    there = Targets(world, namespace(), None, Inventory(), orphans=(orphan,), held_istio=(orphan,))

    plan = planned(there, with_istio=True)

    [goes] = [step for step in plan.steps if isinstance(step, DeleteNamespace)]
    assert "sweep" in goes.after
    assert [step.key for step in plan.steps][-2:] == ["sweep", "namespace/lbdemo"]


ORPHAN = Removal(found("ClusterRole", "istiod"), "recorded")
RECORD = Inventory(installed=frozenset({ORPHAN.object.item}))
ORPHANED = Targets(
    converged(), namespace(), None, RECORD, orphans=(ORPHAN,), held_istio=(ORPHAN,), users=IstioUsers(("shop",))
)


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "adopted"])
def test_while_others_use_what_is_left_of_an_istio_the_namespace_that_knows_of_it_stays(ours: bool) -> None:
    there = replace(ORPHANED, namespace=namespace(ours=ours))

    assert keys(there) == ["echo-client", "echo-server"]


def test_one_that_is_known_beside_istio_too_does_not_keep_the_namespace() -> None:
    there = replace(ORPHANED, home=HOME, before_home=RECORD)

    assert keys(there)[-1] == "namespace/lbdemo"
