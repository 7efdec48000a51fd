"""`status`: what is installed, in the words that a person and a script read."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from fake_api import FakeApi
from fakes import FakeRun, tools
from meshes import webhooks
from worlds import CONFIG, converged, documents, istio_documents, istiod, listed, namespace, pod

from lbdemo.cluster.istio.injectors import parse_injectors
from lbdemo.cluster.istio.observe import ObservedWithIstio
from lbdemo.cluster.istio.state import Istio
from lbdemo.cluster.status import Status, pod_state, pod_status, status
from lbdemo.kube.records.meta import Condition
from lbdemo.kube.records.pods import Container, Pod
from lbdemo.tools.kubectl import Context

CONTEXT = Context("kind-a", "https://127.0.0.1:6443")
ISTIO = replace(CONFIG, strategy="istio")
READY = pod("a", "echo-server")


def shown(world: ObservedWithIstio, *, forbidden: tuple[tuple[str, str], ...] = ()) -> Status:
    """The status of a cluster like this; verbs and resources that are `forbidden` are refused."""
    there = listed([world.namespace])["items"] if world.namespace else []
    with FakeApi().add(*istio_documents(world.istio), *documents(world), *there) as server:
        for verb, resource in forbidden:
            server.forbid(verb, resource)
        return status(tools(FakeRun(), api=server.api()), CONFIG.place, CONTEXT)


def ending(found: Pod) -> Pod:
    return replace(found, meta=replace(found.meta, deleting=True))


def waits(*reasons: str, phase: str = "Pending") -> Pod:
    containers = tuple(Container(f"c{number}", "", waiting=reason) for number, reason in enumerate(reasons))
    return replace(READY, phase=phase, containers=containers, conditions=(Condition("Ready", "False"),))


def test_a_script_reads_stable_keys() -> None:
    world = converged(ISTIO, istiod(replicas=1))

    found = shown(world).to_dict()

    assert json.loads(json.dumps(found)) == {
        "schema": "lbdemo.status/1",
        "context": {"name": "kind-a", "server": "https://127.0.0.1:6443"},
        "namespace": {"name": "lbdemo", "state": "lbdemo's", "injection": "enabled"},
        "strategy": "istio",
        "releases": [
            {"name": "echo-client", "status": "deployed", "revision": 1},
            {"name": "echo-server", "status": "deployed", "revision": 1},
        ],
        "pods": [
            {"name": name, "release": name[:11], "state": "Ready", "sidecar": True, "restarts": 0,
             "node": "node-1", "image": "registry/echo:1"}
            for name in ("echo-client-abc-1", "echo-server-abc-1", "echo-server-abc-2")
        ],
        "istio": "1 (installed by lbdemo)",
        "unseen": [],
    }  # fmt: skip


def test_an_empty_cluster_has_nothing_to_show() -> None:
    found = shown(ObservedWithIstio(None))

    assert (found.namespace_state, found.strategy, found.releases, found.pods) == ("absent", "", (), ())
    assert (found.istio, found.injection) == ("none", "")


@pytest.mark.parametrize(
    ("world", "state"),
    [
        (converged(), "lbdemo's"),
        (replace(converged(), namespace=namespace(ours=False)), "adopted"),
        (ObservedWithIstio(namespace(ours=False)), "not lbdemo's"),
        (ObservedWithIstio(namespace()), "lbdemo's"),
        (replace(converged(), namespace=replace(namespace(), deleting=True)), "terminating"),
        (ObservedWithIstio(None), "absent"),
    ],
)
def test_whose_the_namespace_is(world: ObservedWithIstio, state: str) -> None:
    assert shown(world).namespace_state == state


def test_releases_of_two_strategies_are_both_named() -> None:
    """As an `up` that was interrupted leaves it."""
    world = converged()
    half = replace(world.releases["echo-server"], strategy="envoy", status="failed", revision=2)

    found = shown(replace(world, releases={**world.releases, "echo-server": half}))

    assert found.strategy == "clusterip/envoy"
    assert found.releases == (("echo-client", "deployed", 1), ("echo-server", "failed", 2))


@pytest.mark.parametrize(
    ("marks", "injection"),
    [
        ({"istio-injection": "enabled"}, "enabled"),
        ({"istio.io/rev": "1-31"}, "1-31"),
        ({"istio.io/rev": "1-31", "istio-injection": "disabled"}, "1-31"),
        ({}, ""),
    ],
)
def test_the_injection_is_the_namespaces_label(marks: dict[str, str], injection: str) -> None:
    assert shown(ObservedWithIstio(namespace(marks))).injection == injection


@pytest.mark.parametrize(
    ("image", "ours", "available", "said"),
    [
        ("docker.io/istio/pilot:1.31.0", True, 1, "1.31.0 (installed by lbdemo)"),
        ("localhost:5000/istio/pilot:1.31.0", False, 1, "1.31.0 (of somebody else)"),
        ("docker.io/istio/pilot:1.31.0", True, 0, "1.31.0 (installed by lbdemo, not ready)"),
        ("pilot", False, 0, "? (of somebody else, not ready)"),
        ("localhost:5000/istio/pilot", False, 1, "? (of somebody else)"),
        ("istio/pilot:1.31.0@sha256:abab", False, 1, "1.31.0 (of somebody else)"),
        ("istio/pilot@sha256:abab", False, 1, "? (of somebody else)"),
    ],
)
def test_istio_is_told_with_version_owner_and_state(image: str, ours: bool, available: int, said: str) -> None:
    mesh = istiod(ours=ours)
    daemon = replace(mesh.daemons[0], images=(image,), available=available)

    assert shown(ObservedWithIstio(None, istio=replace(mesh, daemons=(daemon,)))).istio == said


def test_istios_remains_without_a_daemon_are_none() -> None:
    assert shown(ObservedWithIstio(None, istio=Istio(istiod().releases))).istio == "none"


def test_a_control_plane_outside_the_cluster_is_told_by_its_revision_and_address() -> None:
    managed = parse_injectors([webhooks("asm-managed", url="https://mesh.example.com/inject")])

    found = shown(ObservedWithIstio(None, istio=Istio(injectors=managed))).istio

    assert found == "revision asm-managed, behind https://mesh.example.com/inject (of somebody else)"


def test_who_may_not_look_at_istio_sees_the_rest_and_which_right_is_missing() -> None:
    found = shown(converged(), forbidden=(("list", "mutatingwebhookconfigurations.admissionregistration.k8s.io"),))

    assert found.istio.startswith("unknown (mutatingwebhookconfigurations.admissionregistration.k8s.io: forbidden")
    assert found.strategy == "clusterip"


def test_pods_are_sorted_by_name() -> None:
    world = converged()
    pods = tuple(pod(name, "echo-server") for name in ("b", "c", "a"))

    found = shown(replace(world, objects=replace(world.objects, pods=pods)))

    assert [p.name for p in found.pods] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (READY, "Ready"),
        (ending(READY), "Terminating"),
        (ending(waits("CrashLoopBackOff")), "Terminating"),
        (waits("ImagePullBackOff"), "ImagePullBackOff"),
        (waits("", "CrashLoopBackOff"), "CrashLoopBackOff"),
        (waits("PodInitializing", "ErrImagePull"), "ErrImagePull"),
        (waits("PodInitializing"), "Pending"),
        (waits("", phase="Running"), "NotReady"),
        (waits("CrashLoopBackOff", phase="Running"), "CrashLoopBackOff"),
        (waits("", phase="Succeeded"), "Succeeded"),
        (replace(READY, containers=(), conditions=(), phase="Pending"), "Pending"),
    ],
)
def test_a_pods_state_is_ready_or_why_it_is_not(found: Pod, state: str) -> None:
    assert pod_state(found) == state


def test_a_pods_image_is_that_of_its_own_container() -> None:
    sidecar = Container("istio-proxy", "proxyv2", restarts=1)
    containers = (Container("istio-init", "init", init=True), sidecar, Container("echo", "registry/echo:1", restarts=2))

    found = pod_status(replace(READY, containers=containers))

    assert (found.image, found.restarts, found.sidecar) == ("registry/echo:1", 3, True)


def test_a_pod_without_containers_of_its_own_has_no_image() -> None:
    found = pod_status(replace(READY, containers=(Container("istio-proxy", "proxyv2", init=True),)))

    assert (found.image, found.restarts) == ("", 0)
    assert pod_status(READY).sidecar is False
