"""Where evidence comes from: asked of an API server and of programs, read into records."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from fake_api import FakeApi
from fakes import FakeRun, failure, tools

from lbdemo.cluster.doctor import probes
from lbdemo.cluster.doctor.asked import Asked
from lbdemo.cluster.doctor.evidence import Lacking, Tried
from lbdemo.cluster.doctor.probes import Means
from lbdemo.cluster.image.delivery import Delivery
from lbdemo.cluster.kernel import labels
from lbdemo.errors import InputError, MissingProgramError, OperationFailedError
from lbdemo.kube.answers import Right, Unseen, Why
from lbdemo.kube.records.quantities import amount
from lbdemo.tools.kubectl import Context

HERE = Context("kind-a", "https://127.0.0.1:6443")
EXEC = "kubectl -n shop exec a -c app -- true"
NO_ENDPOINT = "has no endpoint that is ready"
SCRATCH = (
    "error: Internal error occurred: Internal error occurred: error executing command in container: failed to exec in "
    'container: failed to start exec: OCI runtime exec failed: exec: "true": executable file not found in $PATH'
)


def means(server: FakeApi | None = None, run: FakeRun | None = None, **asked: Any) -> Means:
    wanted = Asked(**{"command": "up", "context": HERE, "namespace": "shop", **asked})
    return Means(tools(run or FakeRun(), api=server.api() if server else None), wanted)


def named(kind: str, name: str, namespace: str = "shop", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": name, **({"namespace": namespace} if namespace else {})}, **more}


def pod(name: str = "a", namespace: str = "shop", *, ready: bool = True) -> dict[str, Any]:
    status = {
        "phase": "Running", "conditions": [{"type": "Ready", "status": str(ready)}],
        "containerStatuses": [{"name": "app", "state": {"running": {}}}],
    }  # fmt: skip
    return named("Pod", name, namespace, spec={"containers": [{"name": "app"}]}, status=status)


# lbdemo


def test_of_deployments_in_the_namespace_only_lbdemos_are_what_can_be_verified() -> None:
    own = named("Deployment", "echo-server")
    own["metadata"]["labels"] = {**labels.OURS, labels.RELEASE: "echo-server"}
    with FakeApi().add(own, named("Deployment", "shop")) as server:
        found = probes.installed(means(server))

    assert isinstance(found, tuple)
    assert [one.meta.name for one in found] == ["echo-server"]


# Programs


def test_kubectls_version_is_its_own_word() -> None:
    said = json.dumps({"clientVersion": {"gitVersion": "v1.34.1"}})

    with FakeRun().on("kubectl version --client -o json", answer=said) as run:
        assert probes.kubectl(means(run=run)) == (1, 34)


def test_an_answer_without_a_version_is_no_version() -> None:
    with (
        FakeRun().on("kubectl version --client -o json", answer="{}") as run,
        pytest.raises(OperationFailedError, match="names no version"),
    ):
        probes.kubectl(means(run=run))


def test_docker_says_what_it_builds_for() -> None:
    daemon: Any = SimpleNamespace(architecture="arm64")
    there = means()
    tools_ = replace(there.tools, docker=lambda: daemon)

    assert probes.docker(replace(there, tools=tools_)) == "arm64"


def test_the_image_goes_by_the_clusters_own_loader_which_must_be_there() -> None:
    run = FakeRun()
    assert probes.way(means(run=run)) == Delivery("kind", "a")

    run.missing.add("kind")

    with pytest.raises(MissingProgramError):
        probes.way(means(run=run))


def test_a_cluster_of_unknown_kind_takes_a_registry() -> None:
    context = Context("corp", "https://corp")

    with pytest.raises(InputError, match="does not say how an image reaches"):
        probes.way(means(context=context))
    assert probes.way(means(context=context, registry="localhost:5000")) == Delivery("registry", "localhost:5000")


# The API server


def test_the_api_server_tells_its_version_and_who_we_are() -> None:
    with FakeApi() as server:
        assert probes.server(means(server)) == (1, 34)
        assert probes.user(means(server)) == "u"


def test_without_a_context_nobody_is_asked() -> None:
    with pytest.raises(InputError, match="no current context"):
        probes.server(means(context=Context("", "")))


def test_a_server_that_is_away_is_no_version() -> None:
    with FakeApi().proxy_says("dial tcp 127.0.0.1:1: connect: connection refused") as server:
        found = probes.server(means(server))

    assert isinstance(found, Unseen)
    assert found.why is Why.AWAY


def test_rights_that_are_missing_are_told_apart_by_what_they_stop() -> None:
    with FakeApi() as server:
        server.denied |= {("get", "services", ""), ("create", "pods/exec", "")}
        found = probes.rights(means(server, command="diagnose"))

    assert found == Lacking(8, (Right("get", "services", "", "shop"),), (Right("create", "pods/exec", "", "shop"),))


@pytest.mark.parametrize(("there", "asked"), [(True, False), (False, True)])
def test_only_a_new_namespace_takes_the_right_to_make_one(there: bool, asked: bool) -> None:
    with FakeApi() as server:
        server.denied.add(("create", "namespaces", ""))
        if there:
            server.add(named("Namespace", "shop", ""))
        found = probes.rights(means(server))

    assert isinstance(found, Lacking)
    assert (Right("create", "namespaces") in found.must) is asked


# A streaming call


def test_an_exec_that_came_through_is_known_by_its_pod() -> None:
    with FakeApi().add(pod()) as server, FakeRun().on(EXEC) as run:
        assert probes.stream(means(server, run)) == Tried("shop/a")


@pytest.mark.parametrize(
    ("said", "code", "broken"),
    [
        ("command terminated with exit code 1", 1, ""),
        (SCRATCH, 1, ""),
        ("error: unable to upgrade connection: <html>502</html>", 1, "unable to upgrade connection: <html>502</html>"),
        ("error: Internal error occurred: error dialing backend: no route", 1, "error dialing backend: no route"),
    ],
    ids=["the program failed", "no such program", "a proxy breaks it", "no kubelet"],
)
def test_a_program_that_fails_proves_the_stream_and_a_broken_stream_is_told(said: str, code: int, broken: str) -> None:
    with FakeApi().add(pod()) as server, FakeRun().on(EXEC, answer=failure(said, code=code)) as run:
        found = probes.stream(means(server, run))

    assert isinstance(found, Tried)
    assert (bool(found.broken), broken in found.broken) == (bool(broken), True)


def test_a_pod_elsewhere_will_do_and_a_ready_one_is_preferred() -> None:
    with (
        FakeApi().add(pod("a", "far", ready=False), pod("b", "far")) as server,
        FakeRun().on("kubectl -n far exec b -c app -- true") as run,
    ):
        assert probes.stream(means(server, run)) == Tried("far/b")


def test_where_no_pod_runs_nothing_is_tried() -> None:
    with FakeApi() as server:
        assert probes.stream(means(server)) == Tried()


def test_who_may_not_is_told_so_and_nothing_is_tried() -> None:
    with FakeApi().add(pod()) as server:
        server.denied.add(("create", "pods/exec", ""))
        found = probes.stream(means(server))

    assert isinstance(found, Unseen)
    assert "kubectl auth can-i create pods --subresource=exec -n shop" in found.hint


# Policies


def configuration(kind: str = "ValidatingWebhookConfiguration", **more: Any) -> dict[str, Any]:
    asked = {"service": {"namespace": "corp", "name": "gate"}}
    rules = [{"resources": ["pods", "pods/status"], "operations": ["CREATE"]}]
    return named(
        kind, "corp", "", webhooks=[{"name": "corp.example.com", "clientConfig": asked, "rules": rules, **more}]
    )


def slice_of(service: str, *, ready: bool) -> dict[str, Any]:
    made = named(
        "EndpointSlice", f"{service}-1", "corp", endpoints=[{"addresses": ["10.0.0.1"], "conditions": {"ready": ready}}]
    )
    made["metadata"]["labels"] = {"kubernetes.io/service-name": service}
    return made


@pytest.mark.parametrize(
    ("there", "silent"),
    [
        ([], {("corp", "gate"): "is not there"}),
        ([named("Service", "gate", "corp")], {("corp", "gate"): NO_ENDPOINT}),
        ([named("Service", "gate", "corp"), slice_of("gate", ready=False)], {("corp", "gate"): NO_ENDPOINT}),
        ([named("Service", "gate", "corp"), slice_of("gate", ready=True)], {}),
        ([named("Service", "gate", "corp", spec={"type": "ExternalName"})], {}),
    ],
    ids=["no Service", "no slice", "none ready", "ready", "elsewhere"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"])
def test_a_webhook_is_silent_without_its_service_or_a_ready_endpoint(kind: str, there: list[Any], silent: Any) -> None:
    with FakeApi().add(configuration(kind), *there) as server:
        found = probes.hooks(means(server))

    assert (found.silent, found.unseen) == (silent, ())
    assert (sorted(found.hooks[0].resources), found.hooks[0].refuses) == (["pods"], True)


def test_a_webhook_whose_service_may_not_be_seen_is_not_taken_for_silent() -> None:
    with FakeApi().add(configuration()).forbid("get", "services") as server:
        found = probes.hooks(means(server))

    assert (found.silent, [each.why for each in found.unseen]) == ({}, [Why.FORBIDDEN])


def test_who_may_see_no_webhooks_is_told_of_both_kinds() -> None:
    with FakeApi().forbid("list", "*") as server:
        assert len(probes.hooks(means(server)).unseen) == 2


def test_quotas_and_limits_are_read() -> None:
    quota = named(
        "ResourceQuota", "team", spec={"hard": {"pods": "5"}}, status={"hard": {"pods": "5"}, "used": {"pods": "2"}}
    )
    for_best = named("ResourceQuota", "best", spec={"hard": {"pods": "1"}, "scopes": ["BestEffort"]})
    of_pods = {"type": "Pod", "max": {"cpu": "1"}}
    of_containers = {"type": "Container", "min": {"cpu": "1m"}, "default": {"cpu": 1}}
    limit = named("LimitRange", "small", spec={"limits": [of_pods, of_containers]})

    with FakeApi().add(quota, for_best, limit) as server:
        found = probes.budgets(means(server))

    assert not isinstance(found, Unseen)
    assert [(each.name, each.scoped, each.used) for each in found.quotas] == [
        ("best", True, {}),
        ("team", False, {"pods": "2"}),
    ]
    assert [(each.least, each.most, each.defaults) for each in found.limits] == [({"cpu": "1m"}, {}, {"cpu": "1"})]


@pytest.mark.parametrize("resource", ["resourcequotas", "limitranges"])
def test_quotas_that_may_not_be_seen_are_not_taken_for_none(resource: str) -> None:
    with FakeApi().forbid("list", resource) as server:
        assert isinstance(probes.budgets(means(server)), Unseen)


def test_dead_apis_are_found() -> None:
    with FakeApi(dead={"metrics.k8s.io/v1beta1"}) as server:
        found = probes.kinds(means(server))

    assert not isinstance(found, Unseen)
    assert found.dead == ("metrics.k8s.io/v1beta1",)


# Istio

CONFIG = "templates:\n  sidecar: |\n    spec:\n  grpc-agent: |\n    spec:\n      env:\n      - value: |\n"


@pytest.mark.parametrize(
    ("values", "cni"),
    [({}, False), ({"pilot": {"cni": {"enabled": True}}}, True), ({"istio_cni": {"enabled": True}}, True),
     ({"pilot": {"cni": {"enabled": False}}}, False)],
)  # fmt: skip
def test_the_injectors_templates_and_its_cni_plugin_are_read(values: dict[str, Any], cni: bool) -> None:
    data = {"config": CONFIG, "values": json.dumps(values)}
    with FakeApi().add(named("ConfigMap", "istio-sidecar-injector", "istio-system", data=data)) as server:
        found = probes.template(means(server))

    assert found is not None
    assert not isinstance(found, Unseen)
    assert (sorted(found.names), found.cni) == (["grpc-agent", "sidecar"], cni)


@pytest.mark.parametrize(("ports", "has"), [([15010, 15012], True), ([15012], False)])
def test_proxyless_clients_need_istiods_plain_text_port(ports: list[int], has: bool) -> None:
    spec = {"ports": [{"port": port} for port in ports]}
    with FakeApi().add(named("Service", "istiod", "istio-system", spec=spec)) as server:
        found = probes.discoverer(means(server))

    assert found is not None
    assert not isinstance(found, Unseen)
    assert found.port is has


@pytest.mark.parametrize(
    ("text", "value"), [("10m", 0.01), ("2", 2), ("64Mi", 64 * 2**20), ("1.5G", 1.5e9), ("1e3", 1000), ("1E", 1e18)]
)
def test_a_quantity_is_a_number(text: str, value: float) -> None:
    assert amount(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "m", "10 apples"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no quantity"):
        amount(text)
