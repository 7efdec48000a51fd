"""`clean` plans to remove what is ours and nothing else; and tells what is left, and why."""

from __future__ import annotations

from dataclasses import replace

from fake_api import api
from fakes import FakeReporter, FakeRun, failure, tools
from worlds import CONFIG, converged, istiod, listed, namespace

from lbdemo.cluster.cleanup import inventory
from lbdemo.cluster.cleanup.clean import Situation, build_clean_plan, clean
from lbdemo.cluster.cleanup.inventory import Item, made_by_istiod
from lbdemo.cluster.cleanup.removal import DeleteNamespace, EmptyNamespace, SweepIstio
from lbdemo.cluster.istio.observe import ObservedWithIstio
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.kube.records.meta import Meta
from lbdemo.tools.kubectl import Kubectl

ISTIO = replace(CONFIG, strategy="istio")
HOME = Meta("Namespace", "", ISTIO_NAMESPACE, {"app.kubernetes.io/managed-by": "lbdemo"})


def keys(there: Situation, *, with_istio: bool) -> list[str]:
    return [step.key for step in build_clean_plan(there, CONFIG.place, with_istio=with_istio, timeout=60).steps]


def test_nothing_there_is_nothing_to_do() -> None:
    assert keys(Situation(ObservedWithIstio(None), None, None), with_istio=True) == []


def test_our_namespace_goes_after_its_releases() -> None:
    plan = build_clean_plan(Situation(converged(), None, frozenset()), CONFIG.place, with_istio=False, timeout=60)

    assert [step.key for step in plan.steps] == ["echo-client", "echo-server", "namespace/lbdemo"]
    assert set(plan.steps[-1].after) == {"echo-client", "echo-server"}


def test_an_adopted_namespace_is_emptied_of_ours_and_stays() -> None:
    world = replace(converged(), namespace=namespace(ours=False))

    plan = build_clean_plan(Situation(world, None, frozenset()), CONFIG.place, with_istio=False, timeout=60)

    assert any(isinstance(step, EmptyNamespace) for step in plan.steps)
    assert not any(isinstance(step, DeleteNamespace) for step in plan.steps)


def test_istio_goes_only_when_asked_and_after_what_uses_it() -> None:
    there = Situation(converged(ISTIO), HOME, frozenset())

    assert "istiod" not in keys(there, with_istio=False)
    found = keys(there, with_istio=True)
    assert found.index("echo-server") < found.index("istiod") < found.index("istio-base") < found.index("sweep")


def test_istio_does_not_wait_for_the_end_of_our_pods() -> None:
    there = Situation(converged(ISTIO), HOME, frozenset())

    plan = build_clean_plan(there, CONFIG.place, with_istio=True, timeout=60)

    [daemon] = [step for step in plan.steps if step.key == "istiod"]
    assert set(daemon.after) == {"echo-client", "echo-server"}


def test_an_istio_of_somebody_else_never_goes() -> None:
    there = Situation(converged(ISTIO, istiod(ours=False)), replace(HOME, labels={}), frozenset())

    assert not {"istiod", "istio-base", "sweep"} & set(keys(there, with_istio=True))


def test_an_istio_that_lbdemo_began_and_somebody_else_finished_stays() -> None:
    theirs = istiod(ours=False)
    begun = replace(theirs, releases={"istio-base": istiod().releases["istio-base"]})
    there = Situation(converged(ISTIO, begun), HOME, frozenset())

    assert there.istio_taken_over
    assert not {"istiod", "istio-base", "sweep", f"namespace/{ISTIO_NAMESPACE}"} & set(keys(there, with_istio=True))


def test_an_istio_that_others_use_stays() -> None:
    there = Situation(converged(ISTIO), HOME, frozenset(), users=("shop",))

    assert not {"istiod", "istio-base", "sweep"} & set(keys(there, with_istio=True))


def test_a_namespace_of_istio_that_is_not_ours_stays() -> None:
    there = Situation(converged(ISTIO), replace(HOME, labels={}), frozenset())

    steps = build_clean_plan(there, CONFIG.place, with_istio=True, timeout=60).steps

    assert f"namespace/{ISTIO_NAMESPACE}" in [step.key for step in steps if isinstance(step, EmptyNamespace)]
    assert [step.namespace for step in steps if isinstance(step, SweepIstio)] == [ISTIO_NAMESPACE]


def test_the_inventory_survives_its_keeping() -> None:
    items = frozenset({Item("Namespace", "", "a"), Item("ConfigMap", "b", "c.d"), Item("Role.rbac", "e", "f-g")})

    assert inventory.decode(inventory.encode(items)) == items


def test_an_istio_of_ours_that_an_older_namespace_brought_was_not_there_before() -> None:
    definition, pod = Item(inventory.CRD, "", "gateways.networking.istio.io"), Item("Pod", "shop", "a")
    home, spread = Item("Namespace", "", ISTIO_NAMESPACE), Item("ConfigMap", "shop", "istio-ca-root-cert")
    daemon = Item("Deployment.apps", ISTIO_NAMESPACE, "istiod")
    theirs = Item(inventory.CRD, "", "wasmplugins.extensions.istio.io")
    found = frozenset({definition, pod, home, spread, daemon, theirs})

    assert inventory.before_both(found, frozenset({theirs})) == {pod, theirs}
    assert inventory.before_both(found, None) == found


def test_what_others_make_meanwhile_is_not_ours() -> None:
    spaces = ["lbdemo"]

    assert inventory.ours(Item("ConfigMap", "lbdemo", "x"), spaces)
    assert inventory.ours(Item("ConfigMap", "shop", "istio-ca-root-cert"), spaces)
    assert inventory.ours(Item("ClusterRole.rbac", "", "istiod-clusterrole"), spaces)
    assert not inventory.ours(Item("ConfigMap", "shop", "theirs"), spaces)
    assert not inventory.ours(Item("Namespace", "", "shop"), spaces)
    assert not inventory.ours(Item("ClusterRole.rbac", "", "shop"), spaces)


def test_only_what_istiod_writes_may_be_in_its_namespace() -> None:
    assert made_by_istiod(Item("Lease.coordination.k8s.io", ISTIO_NAMESPACE, "istio-leader"))
    assert not made_by_istiod(Item("Deployment.apps", ISTIO_NAMESPACE, "istio-ingressgateway"))
    assert not made_by_istiod(Item("ConfigMap", ISTIO_NAMESPACE, "theirs"))
    assert made_by_istiod(Item("ConfigMap", ISTIO_NAMESPACE, "istio-namespace-controller-election"))
    assert made_by_istiod(Item("ConfigMap", ISTIO_NAMESPACE, "istio-ip-autoallocate"))
    assert made_by_istiod(Item("Lease.coordination.k8s.io", ISTIO_NAMESPACE, "istio-gateway-deployment-default"))
    assert made_by_istiod(Item("ConfigMap", ISTIO_NAMESPACE, "istio-ca-crl"))
    assert made_by_istiod(Item("Secret", ISTIO_NAMESPACE, "istio-ca-secret"))
    assert not made_by_istiod(Item("Secret", ISTIO_NAMESPACE, "istio-remote-secret-west"))
    assert not made_by_istiod(Item("ConfigMap", ISTIO_NAMESPACE, "istio-dashboards"))


def test_a_namespace_that_another_clean_removes_meanwhile_is_looked_at_anew() -> None:
    ours = listed([namespace()])
    run = FakeRun().on("get", "namespaces", "lbdemo", answer=ours)
    run.on("create", answer=failure('Error from server (NotFound): namespaces "lbdemo" not found'))
    run.on("get", answer="", always=True)

    with api() as istio:
        means = tools(run, api=istio)
        remains = clean(means, CONFIG.place, Kubectl(run), FakeReporter(), with_istio=False, timeout=60)

    assert remains.nothing_to_do
    assert not run.called("delete", "namespace/lbdemo")
