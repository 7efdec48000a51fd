"""`up` converges: from every state a plan with just what is missing, and an empty one when nothing is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import CHART, CONFIG, HASH, converged, deployment, desired, istiod, namespace, pod

from lbdemo.cluster.image.step import DeliverImage
from lbdemo.cluster.install.namespace import LabelNamespace
from lbdemo.cluster.install.plan import build_plan
from lbdemo.cluster.install.strategies import STRATEGIES
from lbdemo.cluster.install.strategies.base import Cluster, Istiod
from lbdemo.cluster.istio.observe import ObservedWithIstio
from lbdemo.cluster.istio.rollout import AwaitPods
from lbdemo.cluster.istio.state import Istio
from lbdemo.cluster.kernel.releases import InstallRelease
from lbdemo.cluster.kernel.steps import Plan
from lbdemo.config import UpConfig
from lbdemo.errors import InputError, NotReadyError
from lbdemo.kube.records.meta import Meta
from lbdemo.kube.records.pods import Container

ISTIO = replace(CONFIG, strategy="istio")


def plan(observed: ObservedWithIstio, config: UpConfig = CONFIG) -> Plan:
    istio = observed.istio
    cluster = Cluster(Istiod(istio.revision, istio.namespace, istio.service))
    return build_plan(config, observed, desired(config, cluster), str(CHART))


def keys(found: Plan) -> list[str]:
    return [step.key for step in found.steps]


def step(found: Plan, key: str) -> InstallRelease:
    return next(s for s in found.steps if s.key == key and isinstance(s, InstallRelease))


def waiting(found: Plan) -> AwaitPods:
    return next(s for s in found.steps if isinstance(s, AwaitPods) and s.key == "ready")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_converged_cluster_needs_nothing(strategy: str) -> None:
    config = replace(CONFIG, strategy=strategy)

    assert not plan(converged(config), config)


def test_an_empty_cluster_gets_both_releases_and_waits_for_them() -> None:
    assert keys(plan(ObservedWithIstio(None))) == ["echo-server", "echo-client", "ready"]


def test_an_image_to_build_comes_before_the_releases_that_use_it() -> None:
    config = replace(CONFIG, image="", registry="localhost:5000")

    found = plan(ObservedWithIstio(None), config)

    assert isinstance(found.steps[0], DeliverImage)
    assert ["image" in s.after for s in found.steps if isinstance(s, InstallRelease)] == [True, True]


def test_istio_is_installed_before_its_sidecars_are_wanted() -> None:
    found = plan(ObservedWithIstio(None), ISTIO)

    assert keys(found) == ["istio-base", "istiod", "istio", "label", "echo-server", "echo-client", "ready"]
    assert {"istio", "label"} <= set(step(found, "echo-server").after)
    assert waiting(found).sidecars is True


def test_back_from_istio_the_label_goes_and_istio_stays() -> None:
    found = plan(converged(ISTIO))

    assert keys(found) == ["label", "echo-server", "echo-client", "ready"]
    assert ("istio-injection", None) in next(s for s in found.steps if isinstance(s, LabelNamespace)).changes
    assert waiting(found).sidecars is False


@pytest.mark.parametrize(
    ("status", "has_deployed", "repair"),
    [("pending-install", False, "uninstall"), ("pending-upgrade", True, "rollback"),
     ("pending-rollback", True, "rollback"), ("uninstalling", True, "uninstall"), ("failed", True, "")],
)  # fmt: skip
def test_a_release_that_was_left_half_done_is_repaired(status: str, has_deployed: bool, repair: str) -> None:
    world = converged()
    broken = replace(world.releases["echo-server"], status=status, has_deployed=has_deployed)

    found = plan(replace(world, releases={**world.releases, "echo-server": broken}))

    assert keys(found) == ["echo-server", "ready"]
    assert step(found, "echo-server").unstick == repair


def test_a_deployment_that_somebody_changed_is_put_right() -> None:
    world = converged()
    touched = tuple(
        deployment(d.meta.name, d.replicas, touched=d.meta.name == "echo-client") for d in world.objects.deployments
    )

    assert keys(plan(replace(world, objects=replace(world.objects, deployments=touched)))) == ["echo-client", "ready"]


@pytest.mark.parametrize("gone", ["echo-server", "echo-server-headless"])
def test_a_service_that_somebody_deleted_comes_back(gone: str) -> None:
    world = converged()
    others = tuple(m for m in world.objects.others if (m.kind, m.name) != ("Service", gone))

    assert keys(plan(replace(world, objects=replace(world.objects, others=others)))) == ["echo-server", "ready"]


@pytest.mark.parametrize("kind", ["Service", "ConfigMap"])
def test_a_service_or_configuration_that_somebody_changed_is_put_right(kind: str) -> None:
    config = replace(CONFIG, strategy="envoy")
    world = converged(config)
    others = tuple(replace(m, as_applied=m.as_applied and m.kind != kind) for m in world.objects.others)

    found = plan(replace(world, objects=replace(world.objects, others=others)), config)

    assert keys(found) == ["echo-server", "ready"]
    services = tuple(f"service/echo-server{end}" for end in ("", "-headless", "-envoy"))
    assert step(found, "echo-server").drifted == (services if kind == "Service" else ())
    assert waiting(found).restart == (("echo-server-envoy",) if kind == "ConfigMap" else ()), "it reads it at its start"


def test_a_policy_that_somebody_changed_is_put_right() -> None:
    world = converged(ISTIO)
    policies = (replace(world.istio.policies[0], as_applied=False), *world.istio.policies[1:])

    found = plan(replace(world, istio=replace(world.istio, policies=policies)), ISTIO)

    assert step(found, "echo-server").drifted == ("destinationrule/echo-server",)


def test_a_policy_that_somebody_deleted_comes_back() -> None:
    world = converged(ISTIO)

    assert "echo-server" in keys(plan(replace(world, istio=replace(world.istio, policies=())), ISTIO))


def waiting_for(reason: str, world: ObservedWithIstio) -> ObservedWithIstio:
    """The world, whose servers' pods cannot start for this reason."""
    container = Container("echo", "registry/echo:1", waiting=reason)
    stuck = pod(f"echo-server-{HASH}-1", "echo-server", container=container)
    half = replace(world.objects.deployments[0], available=0)
    objects = replace(
        world.objects, pods=(stuck, *world.objects.pods[1:]), deployments=(half, *world.objects.deployments[1:])
    )
    return replace(world, objects=objects)


def test_pods_that_had_given_up_are_made_anew_with_the_image_delivered_again() -> None:
    config = replace(CONFIG, image="", registry="localhost:5000")
    wanted = desired(config)
    world = converged(config)
    images = tuple(replace(d, images=(wanted.image.reference,)) for d in world.objects.deployments)
    world = waiting_for("ImagePullBackOff", replace(world, objects=replace(world.objects, deployments=images)))

    found = plan(world, config)

    assert keys(found) == ["image", "ready"]
    assert waiting(found).restart == ("echo-server",)
    assert "image" in waiting(found).after


def test_pods_that_are_on_their_way_are_only_waited_for() -> None:
    found = plan(waiting_for("ContainerCreating", converged()))

    assert keys(found) == ["ready"]
    assert waiting(found).restart == ()


def test_a_release_with_other_values_makes_its_pods_anew_by_itself() -> None:
    found = plan(waiting_for("ImagePullBackOff", converged()), replace(CONFIG, image="registry/echo:2"))

    assert waiting(found).restart == ()


def test_istios_kinds_come_back() -> None:
    bare = replace(istiod(), crds=False)

    assert keys(plan(converged(ISTIO, bare), ISTIO))[0] == "istio-base"


def test_envoys_configuration_comes_back() -> None:
    config = replace(CONFIG, strategy="envoy")
    world = converged(config)
    others = tuple(m for m in world.objects.others if m.kind != "ConfigMap")

    assert "echo-server" in keys(plan(replace(world, objects=replace(world.objects, others=others)), config))


def test_other_replicas_and_another_image_roll_what_they_concern() -> None:
    assert keys(plan(converged(), replace(CONFIG, replicas=5))) == ["echo-server", "ready"]
    assert keys(plan(converged(), replace(CONFIG, image="registry/echo:2"))) == ["echo-server", "echo-client", "ready"]


@pytest.mark.parametrize(("config", "sidecar"), [(ISTIO, False), (CONFIG, True)])
def test_pods_made_under_another_rule_are_made_anew(config: UpConfig, sidecar: bool) -> None:
    world = converged(config)
    pods = (pod("echo-server-abc-1", "echo-server", sidecar=sidecar), *world.objects.pods[1:])

    found = plan(replace(world, objects=replace(world.objects, pods=pods)), config)

    assert waiting(found).restart == ("echo-server",)


def test_a_namespace_that_lost_its_label_gets_it_back_and_nothing_else_changes() -> None:
    assert keys(plan(replace(converged(ISTIO), namespace=namespace()), ISTIO)) == ["label"]


def test_an_adopted_namespace_is_never_labelled() -> None:
    world = replace(converged(ISTIO), namespace=namespace(ours=False), releases={})

    assert "label" not in keys(plan(world, ISTIO))
    assert "inventory" in step(plan(world, ISTIO), "echo-server").after


def test_a_foreign_istio_is_used_as_it_is() -> None:
    assert not plan(converged(ISTIO, istiod(ours=False)), ISTIO)


def test_proxyless_clients_ask_the_istiod_that_is_there_wherever_it_is() -> None:
    config = replace(CONFIG, strategy="xds")
    daemon = replace(
        deployment("istiod-1-31", 1), meta=Meta("Deployment", "mesh", "istiod-1-31", {"istio.io/rev": "1-31"})
    )

    found = plan(ObservedWithIstio(namespace(), istio=Istio(daemons=(daemon,))), config)

    assert step(found, "echo-client").install.values["xds"]["istiodAddress"] == "istiod-1-31.mesh.svc:15010"


def test_a_foreign_istios_revision_is_named_on_the_namespace() -> None:
    world = ObservedWithIstio(namespace(), istio=istiod(ours=False, revision="1-31"))

    found = plan(world, ISTIO)

    assert ("istio.io/rev", "1-31") in next(s for s in found.steps if isinstance(s, LabelNamespace)).changes
    assert step(found, "echo-server").install.values["istio"] == {"enabled": True, "revision": "1-31"}


def test_a_foreign_istio_that_is_half_there_is_refused() -> None:
    half = Istio({"istio-base": replace(istiod(ours=False).releases["istio-base"])})

    with pytest.raises(InputError, match="not lbdemo's"):
        plan(ObservedWithIstio(namespace(), istio=half), ISTIO)


def test_an_istio_that_was_switched_off_is_started_if_it_is_ours() -> None:
    assert "scale" in keys(plan(converged(ISTIO, istiod(replicas=0)), ISTIO))
    with pytest.raises(NotReadyError, match="0 replicas"):
        plan(converged(ISTIO, istiod(ours=False, replicas=0)), ISTIO)


def test_another_istio_version_is_an_upgrade_of_ours() -> None:
    newer = replace(ISTIO, istio=replace(ISTIO.istio, version="1.32.0"))

    assert keys(plan(converged(ISTIO), newer))[:2] == ["istio-base", "istiod"]


def test_a_policy_that_a_strategy_does_not_have_is_refused() -> None:
    with pytest.raises(InputError, match="least-request"):
        desired(replace(CONFIG, strategy="headless", lb_policy="least-request"))
