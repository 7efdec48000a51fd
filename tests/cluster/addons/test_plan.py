"""What `--addons` plans: all of them, those that nobody else has, or nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from addon_manifests import folder
from fake_api import FakeApi
from fakes import FakeReporter, FakeRun, failure, tools
from worlds import CONFIG, converged, istiod

from lbdemo.cluster.addons.catalogue import ADDONS
from lbdemo.cluster.addons.observe import observe
from lbdemo.cluster.addons.plan import Planned, Wish, planned
from lbdemo.cluster.addons.ready import AwaitAddons
from lbdemo.cluster.install.addons import bring, commands, plan_addons, told
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.observe import Release
from lbdemo.cluster.kernel.releases import InstallRelease
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.errors import InputError

NOBODYS = {"name": "prometheus", "namespace": ISTIO_NAMESPACE}
HELD = {"meta.helm.sh/release-name": labels.ADDONS, "meta.helm.sh/release-namespace": "lbdemo"}


@pytest.fixture
def wish(tmp_path: Path) -> Wish:
    return Wish("lbdemo", ISTIO_NAMESPACE, "1.31.0", folder(tmp_path), 60.0)


def service(name: str, namespace: str, *, ours: bool = False) -> dict[str, object]:
    meta = {"name": name, "namespace": namespace, "annotations": HELD if ours else {}}
    return {"kind": "Service", "metadata": meta, "spec": {"ports": [{"port": 1}], "selector": {"app": name}}}


def deployment(name: str, *, ready: bool = True, noted: str = "1") -> dict[str, object]:
    marks = {labels.PART_OF: "lbdemo", labels.ADDON: name, **({labels.GENERATION: noted} if noted else {})}
    meta = {"name": name, "namespace": "lbdemo", "labels": marks, "generation": 1}
    count = 1 if ready else 0
    status = {"observedGeneration": 1, "updatedReplicas": 1, "availableReplicas": count, "replicas": 1}
    return {"kind": "Deployment", "metadata": meta, "spec": {"replicas": 1}, "status": status}


def installed(*late: str, changed: str = "") -> FakeApi:
    """The cluster as `up --addons` leaves it, or with some that are not ready, or one that somebody changed."""
    api = FakeApi()
    for name, addon in ADDONS.items():
        api.add(*(service(each, "lbdemo", ours=True) for each in addon.own_services))
        noted = "" if name in late else "0" if name == changed else "1"
        api.add(deployment(name, ready=name not in late, noted=noted))
    return api


def plans(wish: Wish, api: FakeApi, release: Release | None = None) -> Planned:
    with api:
        seen = observe(api.api(), "lbdemo", ISTIO_NAMESPACE, there=True)
    return planned(wish, seen, release)


def release_of(planned: Planned) -> Release:
    [install] = [step.install for step in planned.plan.steps if isinstance(step, InstallRelease)]
    return Release(labels.ADDONS, "lbdemo", "deployed", 1, ours=True, digest=install.labels[labels.DIGEST])


def names(planned: Planned) -> list[str]:
    """The add-ons whose objects are installed."""
    objects = [one for step in planned.plan.steps if isinstance(step, InstallRelease)
               for one in step.install.values["objects"]]  # fmt: skip
    return sorted({one["metadata"]["labels"][labels.ADDON] for one in objects})


def test_all_are_installed_by_one_release_and_each_is_waited_for(wish: Wish) -> None:
    install, wait = plans(wish, FakeApi()).plan.steps

    assert isinstance(install, InstallRelease)
    assert isinstance(wait, AwaitAddons)
    assert install.install.labels[labels.PART_OF] == "lbdemo"
    assert {addon.name: addon.deployments for addon in wait.addons} == {name: (name,) for name in ADDONS}


def test_where_all_are_there_nothing_is_done(wish: Wish) -> None:
    release = release_of(plans(wish, FakeApi()))

    assert not plans(wish, installed(), release).plan


def test_where_all_are_there_no_address_is_asked(wish: Wish) -> None:
    far = replace(wish, asked="http://127.0.0.1:1")
    there = Release(labels.ADDONS, "lbdemo", "deployed", 1, ours=True, digest="")
    with pytest.raises(Exception, match="Connection refused"):
        plans(far, installed(), there)
    from lbdemo.cluster.addons.source import digest

    made = digest(far.asked, list(ADDONS), "lbdemo", ISTIO_NAMESPACE, dict.fromkeys(ADDONS, "lbdemo"))
    assert not plans(far, installed(), replace(there, digest=made)).plan


def test_those_that_are_not_ready_are_waited_for_and_nothing_is_installed(wish: Wish) -> None:
    release = release_of(plans(wish, FakeApi()))

    [wait] = plans(wish, installed("kiali"), release).plan.steps

    assert isinstance(wait, AwaitAddons)
    assert [addon.name for addon in wait.addons] == ["kiali"]
    assert wait.restart == ()


def test_one_that_had_given_up_is_begun_anew(wish: Wish) -> None:
    release = release_of(plans(wish, FakeApi()))
    api = installed("kiali")
    stuck = deployment("kiali", ready=False, noted="")
    condition = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    stuck["status"] = {**stuck["status"], "conditions": [condition]}  # type: ignore[dict-item]

    [wait] = plans(wish, api.add(stuck), release).plan.steps

    assert isinstance(wait, AwaitAddons)
    assert wait.restart == ("kiali",)


def test_what_somebody_changed_is_installed_again(wish: Wish) -> None:
    release = release_of(plans(wish, FakeApi()))

    assert names(plans(wish, installed(changed="grafana"), release)) == sorted(ADDONS)


def test_somebody_elses_are_used_and_those_that_are_missing_installed(wish: Wish) -> None:
    found = plans(wish, FakeApi().add(service("prometheus", ISTIO_NAMESPACE)))

    assert names(found) == ["grafana", "jaeger", "kiali"]
    assert found.used == {"prometheus": ISTIO_NAMESPACE}
    assert told(found) == ["prometheus in namespace istio-system is somebody else's: it is used"]
    configured = str(found.plan.steps[0].install.values)  # type: ignore[attr-defined]
    assert "http://prometheus.istio-system:9090" in configured


def test_somebody_elses_in_an_adopted_namespace_are_used_too(wish: Wish) -> None:
    assert plans(wish, FakeApi().add(service("kiali", "lbdemo"))).used == {"kiali": "lbdemo"}


def test_where_somebody_has_all_there_is_nothing_to_do(wish: Wish) -> None:
    every = [service(name, ISTIO_NAMESPACE) for addon in ADDONS.values() for name in addon.own_services]

    found = plans(replace(wish, version="?", asked=""), FakeApi().add(*every))

    assert not found.plan
    assert set(found.used) == set(ADDONS)


def test_who_may_not_look_into_istios_namespace_gets_their_own(wish: Wish) -> None:
    api = FakeApi().add(service("prometheus", ISTIO_NAMESPACE)).forbid("list", "services", ISTIO_NAMESPACE)

    assert names(plans(wish, api)) == sorted(ADDONS)


def test_rights_for_the_whole_cluster_are_asked_for_only_when_something_is_installed(wish: Wish) -> None:
    assert {right.resource for right in plans(wish, FakeApi()).rights("lbdemo")} == {
        "serviceaccounts", "clusterroles", "clusterrolebindings",
    }  # fmt: skip
    assert Planned().rights("lbdemo") == ()


def test_a_strategy_without_a_mesh_has_nothing_to_show() -> None:
    with pytest.raises(InputError, match="strategy clusterip has none"):
        plan_addons(tools(FakeRun()), replace(CONFIG, addons=True), converged())


def test_they_are_those_of_the_istio_in_use(tmp_path: Path) -> None:
    config = replace(CONFIG, strategy="istio", addons=True, addons_from=folder(tmp_path))
    theirs = istiod(ours=False)
    with FakeApi() as api:
        found = plan_addons(tools(FakeRun(), api=api.api()), config, converged(config, theirs))
        unknown = replace(config, addons_from="")
        with pytest.raises(InputError, match="version"):
            plan_addons(tools(FakeRun(), api=api.api()), unknown, converged(unknown, theirs))

    assert names(found) == sorted(ADDONS)


def test_the_commands_say_all_of_it(wish: Wish) -> None:
    lines = commands(plans(wish, FakeApi().add(service("prometheus", ISTIO_NAMESPACE))), tools(
        FakeRun().on("helm version --short", answer="v4.1.0", always=True)))  # fmt: skip

    assert lines[0] == "# prometheus in namespace istio-system is somebody else's: it is used"
    assert any(line.startswith("helm upgrade --install lbdemo-addons ") for line in lines)


def test_what_fails_is_given_and_not_raised(wish: Wish) -> None:
    run = FakeRun().on("helm version --short", answer="v4.1.0", always=True)
    run.on("helm upgrade <WHAT>")
    found = plans(wish, FakeApi())
    broken = replace(found.plan.steps[0], unstick="rollback")  # type: ignore[type-var]
    run.on("helm rollback lbdemo-addons --server-side=true --force-conflicts -n lbdemo", answer=failure("Error: no"))

    brought = bring(replace(found, plan=replace(found.plan, steps=(broken,))), tools(run), FakeReporter())

    assert brought.failure is not None
    assert "no" in brought.failure.message
