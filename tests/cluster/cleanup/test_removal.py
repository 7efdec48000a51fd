"""The steps of `clean`: each removes its one thing, waits for its end, and leaves what others made."""

from __future__ import annotations

from typing import Any

import pytest
from fakes import FakeClock, FakeRun, failure, tools
from worlds import listed, pod

from lbdemo.cluster.cleanup import inventory
from lbdemo.cluster.cleanup.inventory import Item, made_by_istiod
from lbdemo.cluster.cleanup.removal import DeleteNamespace, EmptyNamespace, SweepIstio, UninstallRelease, await_gone
from lbdemo.cluster.kernel import labels
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.errors import NotReadyError, ProgramFailedError
from lbdemo.kube.records.pods import Pod

RESOURCES = """
namespaces                  ns     v1                          false   Namespace
configmaps                  cm     v1                          true    ConfigMap
pods                        po     v1                          true    Pod
gatewayclasses              gc     gateway.networking.k8s.io/v1  false   GatewayClass
"""
BY_HAND = """replicasets                 rs     apps/v1                     true    ReplicaSet
endpointslices                     discovery.k8s.io/v1         true    EndpointSlice
"""
CRDS = "customresourcedefinition.apiextensions.k8s.io"
SOME = 60.0
FINE = ({"type": "Y", "status": "False", "message": "all is well"}, {"type": "Z", "status": "True"})


def quiet(_: str) -> None:
    """Nobody listens."""


def row(kind: str, api: str, namespace: str, name: str, owner: str = "<none>") -> str:
    return f"{kind}   {api}   {namespace}   {name}   {owner}\n"


def namespace_state(*reasons: str) -> dict[str, Any]:
    conditions = [{"type": "X", "status": "True", "message": reason} for reason in reasons]
    going = {"name": "ns", "deletionTimestamp": "2026-01-02T03:04:05Z"}
    return {"metadata": going, "status": {"conditions": [*conditions, *FINE]}}


def holding(*rows: str) -> FakeRun:
    """The namespace holds these objects that do not carry our label."""
    run = FakeRun().on("api-resources", answer=RESOURCES)
    return run.on("get", "configmaps,pods", "-n", "ns", f"{labels.PART_OF}!=lbdemo", answer="".join(rows))


# A release


def refusing(problem: ProgramFailedError) -> FakeRun:
    """A Helm that uninstalls nothing."""
    return FakeRun().on("version", answer="v3.17.2").on("uninstall", answer=problem)


def test_a_release_is_uninstalled_with_all_that_is_in_it() -> None:
    argv = ["helm", "uninstall", "echo-server", "--ignore-not-found", "--wait", "--timeout", "60s", "-n", "ns"]

    with FakeRun().on("version", answer="v4.1.4").on(*argv) as run:
        assert UninstallRelease("echo-server", "ns", SOME).run(tools(run), quiet) == ""


@pytest.mark.parametrize("said", ["failed to delete release: echo-server", "unable to build kubernetes objects for"])
def test_a_release_whose_kinds_are_gone_is_forgotten_and_its_objects_deleted(said: str) -> None:
    problem = failure(f"Error: {said}", "helm", "uninstall", "echo-server")
    run = (
        FakeRun()
        .on("version", answer="v3.17.2")
        .on("uninstall", answer=problem)
        .on("delete", "secrets", "owner=helm,name=echo-server", "-n", "ns")
    )

    with run.on("delete", "deployments,services,configmaps", "app.kubernetes.io/instance=echo-server", "-n", "ns"):
        assert "kinds" in UninstallRelease("echo-server", "ns", SOME).run(tools(run), quiet)


def test_an_istio_that_helm_cannot_uninstall_is_an_error() -> None:
    problem = failure("Error: failed to delete release: istiod", "helm", "uninstall", "istiod")

    with (
        refusing(problem) as run,
        pytest.raises(ProgramFailedError),
    ):
        UninstallRelease("istiod", ISTIO_NAMESPACE, SOME).run(tools(run), quiet)


def test_an_uninstall_that_fails_is_an_error() -> None:
    problem = failure("Error: uninstallation completed with 1 error(s)", "helm", "uninstall", "echo-server")

    with (
        refusing(problem) as run,
        pytest.raises(ProgramFailedError),
    ):
        UninstallRelease("echo-server", "ns", SOME).run(tools(run), quiet)


# A namespace of ours


def test_our_namespace_is_deleted_and_waited_for() -> None:
    said: list[str] = []
    run = holding().on("delete", "namespace/ns").on("get", "namespaces", answer=namespace_state())

    with run.on("get", "namespaces", "ns"):
        assert DeleteNamespace("ns", SOME).run(tools(run), said.append) == ""

    assert said == ["waiting for its pods to end"]


def test_a_namespace_that_others_use_is_kept_and_ours_no_more() -> None:
    run = holding(row("ConfigMap", "v1", "ns", "theirs")).on("delete", "configmap/lbdemo-inventory", "-n", "ns")

    with run:
        note = DeleteNamespace("ns", SOME).run(tools(run), quiet)

    assert note == "kept: it holds ConfigMap ns/theirs, which lbdemo did not make"
    assert not run.called("delete", "namespace/ns")


@pytest.mark.parametrize("kind", ["NetworkPolicy", "ResourceQuota", "Secret"])
def test_what_others_call_default_keeps_a_namespace(kind: str) -> None:
    with holding(row(kind, "v1", "ns", "default")).on("delete", "configmap/lbdemo-inventory") as run:
        note = DeleteNamespace("ns", SOME).run(tools(run), quiet)

    assert note.startswith(f"kept: it holds {kind} ns/default")


def test_replica_sets_and_endpoint_slices_made_by_hand_are_looked_for() -> None:
    run = FakeRun().on("api-resources", answer=RESOURCES + BY_HAND)
    run.on("get", "configmaps,pods,replicasets.apps,endpointslices.discovery.k8s.io", "-n", "ns",
           answer=row("ReplicaSet", "apps/v1", "ns", "theirs"))  # fmt: skip

    with run.on("delete", "configmap/lbdemo-inventory"):
        assert "ReplicaSet.apps ns/theirs" in DeleteNamespace("ns", SOME).run(tools(run), quiet)


def test_what_kubernetes_puts_there_and_what_goes_with_its_owner_is_nobodys() -> None:
    run = holding(
        row("ConfigMap", "v1", "ns", "kube-root-ca.crt"),
        row("ConfigMap", "v1", "ns", "istio-ca-root-cert"),
        row("ServiceAccount", "v1", "ns", "default"),
        row("Pod", "v1", "ns", "theirs-abc-1", owner="ReplicaSet"),
    )

    with run.on("delete", "namespace/ns").on("get", "namespaces", "ns"):
        assert DeleteNamespace("ns", SOME).run(tools(run), quiet) == ""


@pytest.mark.parametrize(("name", "goes"), [("istio-leader", True), ("theirs", False)])
def test_istios_own_namespace_may_hold_what_istiod_wrote(name: str, goes: bool) -> None:
    run = holding(row("ConfigMap", "v1", "ns", name))
    run.on("delete", always=True).on("get", "namespaces", always=True)

    note = DeleteNamespace("ns", SOME, known=made_by_istiod).run(tools(run), quiet)

    assert run.called("delete", "namespace/ns") is goes
    assert note.startswith("kept") is not goes


@pytest.mark.parametrize("answer", ["", {"items": []}, {"metadata": {}}, {"metadata": {"name": "ns", "uid": "new"}}])
def test_a_namespace_that_is_gone_or_made_anew_needs_no_waiting(answer: str | dict[str, Any]) -> None:
    with FakeRun().on("get", "namespaces", "ns", answer=answer) as run:
        await_gone(tools(run), "ns", SOME, quiet)


@pytest.mark.parametrize(
    ("reasons", "state"),
    [((), "its objects are still being deleted"), (("pods has 1", "finalizer x"), "pods has 1; finalizer x")],
)
def test_a_namespace_that_stays_is_an_error_with_kubernetes_reasons(reasons: tuple[str, ...], state: str) -> None:
    run = FakeRun().on("get", "namespaces", answer=namespace_state(*reasons), always=True)

    with pytest.raises(NotReadyError, match="namespace ns still there after 60 s") as error:
        await_gone(tools(run, FakeClock(step=31)), "ns", SOME, quiet)

    assert error.value.last_state == state
    assert len(run.calls) == 2, "it was waited for"


# A namespace of somebody else


def pods(*names: str) -> dict[str, Any]:
    found: list[Pod] = [pod(name, "echo-server") for name in names]
    return listed(found)


def test_an_adopted_namespace_stays_without_what_is_ours() -> None:
    said: list[str] = []
    run = (
        FakeRun().on("delete", "deployments,services,configmaps", "-n", "ns").on("delete", "pod/a", "pod/b", "-n", "ns")
    )
    for answer in (pods("a", "b"), pods("a"), pods()):
        run.on("get", "pods", "-n", "ns", labels.SELECTOR, answer=answer)

    with run:
        assert EmptyNamespace("ns", SOME).run(tools(run), said.append) == ""

    assert said == ["waiting for 1 pod to end"]
    assert not run.called("delete", "namespace/ns")


def test_without_pods_of_ours_only_our_other_objects_are_deleted() -> None:
    with FakeRun().on("delete", labels.SELECTOR).on("get", "pods").on("get", "pods") as run:
        EmptyNamespace("ns", SOME).run(tools(run), quiet)


def test_pods_of_ours_that_do_not_end_are_named() -> None:
    run = FakeRun().on("delete", always=True).on("get", "pods", answer=pods("a", "b"), always=True)

    with pytest.raises(NotReadyError, match="pods still there after 60 s: a, b"):
        EmptyNamespace("ns", SOME).run(tools(run, FakeClock(step=61)), quiet)


# What Istio leaves behind


def definitions(**kinds: str) -> dict[str, Any]:
    """CRDs: plural_group with _ for every dot, and the kind."""
    return {
        "items": [
            {"metadata": {"name": name.replace("_", ".")},
             "spec": {"names": {"kind": kind}, "group": name.replace("_", ".").partition(".")[2]}}
            for name, kind in kinds.items()
        ]
    }  # fmt: skip


SIDECARS = definitions(sidecars_networking_istio_io="Sidecar", telemetries_telemetry_istio_io="Telemetry")


def left(*cluster_wide: str, spread: str = "", local: str = "") -> FakeRun:
    """The cluster as the sweep finds it once the CRDs are seen to."""
    run = FakeRun().on("api-resources", answer=RESOURCES)
    run.on("get", "namespaces,gatewayclasses.gateway.networking.k8s.io", answer="".join(cluster_wide))
    run.on("get", "configmaps", "-A", answer=spread)
    return run.on("get", "configmaps,pods", ISTIO_NAMESPACE, answer=local) if local else run


def sweep(run: FakeRun, before: frozenset[Item] = frozenset()) -> str:
    with run:
        return SweepIstio(before, "").run(tools(run), quiet)


def test_crds_of_istio_without_objects_go() -> None:
    run = left().on("get", CRDS, answer=SIDECARS)
    run.on("get", "sidecars.networking.istio.io,telemetries.telemetry.istio.io", "-A")
    run.on("delete", f"{CRDS}/sidecars.networking.istio.io", f"{CRDS}/telemetries.telemetry.istio.io", "--wait=true")

    assert sweep(run) == "0 objects"


def test_a_crd_whose_objects_somebody_has_stays_and_is_named() -> None:
    run = left().on("get", CRDS, answer=SIDECARS)
    theirs = row("Sidecar", "networking.istio.io/v1", "shop", "default")
    run.on("get", "sidecars.networking.istio.io,telemetries.telemetry.istio.io", "-A", answer=theirs)
    run.on("delete", f"{CRDS}/telemetries.telemetry.istio.io")

    note = sweep(run)

    assert note == f"kept {inventory.CRD} sidecars.networking.istio.io: objects of these kinds exist"
    assert not run.called("delete", f"{CRDS}/sidecars.networking.istio.io")


def test_a_crd_that_was_there_before_or_is_not_istios_stays() -> None:
    before = frozenset({Item(inventory.CRD, "", "sidecars.networking.istio.io")})
    there = definitions(sidecars_networking_istio_io="Sidecar", crontabs_example_com="CronTab")

    run = left().on("get", CRDS, answer=there)

    assert sweep(run, before) == "0 objects"
    assert not run.called("delete")


def test_what_istio_wrote_into_every_namespace_goes_if_it_was_not_there_before() -> None:
    spread = row("ConfigMap", "v1", "shop", "istio-ca-root-cert") + row("ConfigMap", "v1", "old", "istio-ca-root-cert")
    spread += row("ConfigMap", "v1", "shop", "theirs")
    before = frozenset({Item("ConfigMap", "old", "istio-ca-root-cert")})

    run = left(spread=spread).on("get", CRDS, answer=definitions())
    run.on("delete", "ConfigMap/istio-ca-root-cert", "-n", "shop")

    assert sweep(run, before) == "1 objects"


def test_istios_gateway_classes_go_and_those_of_others_stay() -> None:
    api = "gateway.networking.k8s.io/v1"
    classes = [row("GatewayClass", api, "<none>", name) for name in ("istio", "istio-remote", "nginx")]
    old = frozenset({Item("GatewayClass.gateway.networking.k8s.io", "", "istio-remote")})

    run = left(*classes, row("Namespace", "v1", "<none>", "istio-shop")).on("get", CRDS, answer=definitions())
    run.on("delete", "GatewayClass.gateway.networking.k8s.io/istio")

    assert sweep(run, old) == "1 objects"


def test_in_a_namespace_that_stays_only_what_istiod_wrote_goes() -> None:
    local = row("ConfigMap", "v1", ISTIO_NAMESPACE, "istio-leader") + row("ConfigMap", "v1", ISTIO_NAMESPACE, "theirs")
    local += row("Pod", "v1", ISTIO_NAMESPACE, "istio-ingress-1")
    local += row("Secret", "v1", ISTIO_NAMESPACE, "istio-ca-secret")
    local += row("Secret", "v1", ISTIO_NAMESPACE, "istio-ingressgateway-certs")
    local += row("Lease", "coordination.k8s.io/v1", ISTIO_NAMESPACE, "istio-gateway-leader")

    run = left(local=local).on("get", CRDS, answer=definitions())
    run.on("delete", "ConfigMap/istio-leader", "-n", ISTIO_NAMESPACE).on("delete", "Secret/istio-ca-secret")

    with run.on("delete", "Lease.coordination.k8s.io/istio-gateway-leader"):
        assert SweepIstio(frozenset(), ISTIO_NAMESPACE).run(tools(run), quiet) == "3 objects"


ISTIO_WIDE = (
    row("CustomResourceDefinition", "apiextensions.k8s.io/v1", "<none>", "sidecars.networking.istio.io"),
    row("APIService", "apiregistration.k8s.io/v1", "<none>", "v1.networking.istio.io"),
    row("ClusterRole", "rbac.authorization.k8s.io/v1", "<none>", "istiod-clusterrole"),
    row("ClusterRole", "rbac.authorization.k8s.io/v1", "<none>", "shop"),
)


def test_what_helm_removes_is_not_swept() -> None:
    run = left(*ISTIO_WIDE).on("get", CRDS, answer=definitions())

    assert sweep(run) == "0 objects"


def test_without_a_release_the_sweep_takes_all_that_is_istios_by_name() -> None:
    run = left(*ISTIO_WIDE).on("get", CRDS, answer=definitions())

    with run.on("delete", "ClusterRole.rbac.authorization.k8s.io/istiod-clusterrole"):
        assert SweepIstio(frozenset(), "", orphaned=True).run(tools(run), quiet) == "1 objects"


# What `--dry-run` shows


def test_each_step_shows_a_command_that_can_be_pasted() -> None:
    run = FakeRun()
    steps = (
        UninstallRelease("echo-server", "ns", SOME), DeleteNamespace("ns", SOME), EmptyNamespace("ns", SOME),
        SweepIstio(frozenset(), ""),
    )  # fmt: skip

    assert [step.commands(tools(run)) for step in steps] == [
        ["helm uninstall echo-server --wait -n ns"],
        ["kubectl delete namespace ns"],
        ["kubectl -n ns delete deployments,services,configmaps -l app.kubernetes.io/part-of=lbdemo"],
        ["kubectl delete customresourcedefinitions -l app.kubernetes.io/part-of=istio"],
    ]
    assert [step.title for step in steps] == [
        "uninstall release echo-server",
        "delete namespace ns",
        "empty namespace ns of what lbdemo made (it is not lbdemo's)",
        "what Istio leaves behind",
    ]
    assert [step.key for step in steps] == ["echo-server", "namespace/ns", "namespace/ns", "sweep"]
    assert run.calls == []
