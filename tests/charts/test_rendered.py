from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from helm_chart import arguments, environment, helm, names, notes, one, pods, refusal, render

from lbdemo import resources
from lbdemo.cluster.install.values import (
    ClientValues,
    EnvoyValues,
    ImageValues,
    IstioValues,
    PodValues,
    Quantities,
    ResourceValues,
    ServerValues,
    UiValues,
    Values,
    XdsValues,
)
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.objects import APPLIED, parse_given

pytestmark = pytest.mark.helm

SERVER = Values("server")
CLIENT = Values("client", client=ClientValues("echo-server:8080"))
XDS_TARGET = "xds:///echo-server.shop.svc.cluster.local:8080"
ON = {"enabled": True}
PAGE = UiValues(enabled=True, page={"index.html": "<p>hello"}, ways="{}")
EVERY_RELEASE = [
    SERVER,
    CLIENT,
    Values("server", istio=IstioValues(enabled=True)),
    Values("client", client=ClientValues("echo-server:8080"), istio=IstioValues(enabled=True)),
    Values("server", envoy=EnvoyValues(enabled=True)),
    Values("server", ui=PAGE),
    Values("server", ui=PAGE, istio=IstioValues(enabled=True)),
    Values("server", xds=XdsValues(enabled=True)),
    Values("client", client=ClientValues(XDS_TARGET), xds=XdsValues(enabled=True)),
]
EVERY = pytest.mark.parametrize("values", EVERY_RELEASE, ids=lambda v: f"{v.role}-{_strategy(v)}")


def _strategy(values: Values) -> str:
    on = {"istio": values.istio.enabled, "envoy": values.envoy.enabled, "xds": values.xds.enabled}
    return next((name for name, enabled in on.items() if enabled), "plain") + ("-ui" if values.ui.enabled else "")


@EVERY
def test_lint_finds_nothing(values: Values) -> None:
    done = helm("lint", "--strict", str(resources.chart_folder()), "-f", "-", stdin=json.dumps(values.to_values()))

    assert done.returncode == 0, done.stdout + done.stderr


@EVERY
def test_a_new_deployment_carries_its_first_generation_and_a_changed_one_none(values: Values) -> None:
    given, chart = json.dumps(values.to_values()), str(resources.chart_folder())
    changed = helm("template", "x", chart, "--is-upgrade", "-f", "-", stdin=given)
    deployments = [made for made in render(values.to_values()) if made["kind"] == "Deployment"]

    assert deployments
    assert {made["metadata"]["labels"][labels.GENERATION] for made in deployments} == {"1"}
    assert changed.returncode == 0
    assert labels.GENERATION not in changed.stdout


@EVERY
def test_every_pod_is_restricted(values: Values) -> None:
    for pod in pods(render(values.to_values())):
        spec = pod["spec"]
        [container] = spec["containers"]

        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(spec)
        assert spec["securityContext"] == {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "runAsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert not any("hostPort" in port for port in container.get("ports", ()))


@EVERY
def test_every_object_but_workloads_says_what_it_was_given(values: Values) -> None:
    manifests = [m for m in render(values.to_values()) if m["kind"] not in {"Deployment", "Pod"}]

    for manifest in manifests:
        if manifest["metadata"]["name"] == "echo-server-ui-page":  # it may be longer than annotations
            continue
        essence = {key: value for key, value in manifest.items() if key not in {"apiVersion", "kind", "metadata"}}
        assert json.loads(manifest["metadata"]["annotations"][APPLIED]) == essence
        assert parse_given(manifest).as_applied


@EVERY
def test_every_object_says_whose_it_is(values: Values) -> None:
    manifests = render(values.to_values())

    for marks in [m["metadata"]["labels"] for m in [*manifests, *pods(manifests)]]:
        assert marks["app.kubernetes.io/part-of"] == "lbdemo"
        assert marks["app.kubernetes.io/managed-by"] == "Helm"
        assert marks["app.kubernetes.io/instance"] == f"echo-{values.role}"
        assert {"app.kubernetes.io/name", "app.kubernetes.io/version", "app.kubernetes.io/component"} <= set(marks)


@EVERY
def test_no_object_names_its_namespace(values: Values) -> None:
    assert not any("namespace" in manifest["metadata"] for manifest in render(values.to_values()))


@EVERY
def test_no_service_or_deployment_selects_another_ones_pods(values: Values) -> None:
    manifests = render(values.to_values())
    templates = {m["metadata"]["name"]: m["spec"]["template"] for m in manifests if m["kind"] == "Deployment"}
    test_pods = {m["metadata"]["name"]: m for m in manifests if m["kind"] == "Pod"}

    for manifest in manifests:
        if manifest["kind"] in {"Deployment", "Service"}:
            selector = manifest["spec"]["selector"]
            chosen = (selector.get("matchLabels") or selector).items()
            assert [key for key, _ in sorted(chosen)] == ["app.kubernetes.io/instance", "app.kubernetes.io/name"]
            selected = [n for n, p in (templates | test_pods).items() if chosen <= p["metadata"]["labels"].items()]
            assert selected == [manifest["metadata"]["name"].removesuffix("-headless")]


def test_the_plain_server_release() -> None:
    assert names(render(SERVER.to_values())) == {
        "Deployment/echo-server",
        "Service/echo-server",
        "Service/echo-server-headless",
        "Pod/echo-server-test",
    }


def test_the_plain_client_release() -> None:
    assert names(render(CLIENT.to_values())) == {"Deployment/echo-client", "Pod/echo-client-test"}


def test_the_services_speak_grpc_on_one_port() -> None:
    manifests = render(Values("server", server=ServerValues(port=9000)).to_values())

    port = {"name": "grpc", "appProtocol": "kubernetes.io/h2c", "port": 9000, "targetPort": "grpc"}
    headless = one(manifests, "Service", "echo-server-headless")["spec"]
    assert one(manifests, "Service", "echo-server")["spec"]["ports"] == [port]
    assert headless["ports"] == [port]
    assert headless["clusterIP"] == "None"
    assert headless["publishNotReadyAddresses"] is False


@pytest.mark.parametrize(
    ("values", "protocol"),
    [
        (SERVER, "kubernetes.io/h2c"),
        (Values("server", envoy=EnvoyValues(enabled=True)), "kubernetes.io/h2c"),
        (Values("server", istio=IstioValues(enabled=True)), "grpc"),
        (Values("server", xds=XdsValues(enabled=True)), "grpc"),
        (Values("server", server=ServerValues(app_protocol="grpc")), "grpc"),
    ],
)
def test_a_ports_protocol_is_one_that_its_consumer_knows(values: Values, protocol: str) -> None:
    services = [manifest for manifest in render(values.to_values()) if manifest["kind"] == "Service"]

    assert {port["appProtocol"] for service in services for port in service["spec"]["ports"]} == {protocol}


POD = PodValues(
    image_pull_secrets=("regcred",),
    node_selector={"pool": "blue"},
    tolerations=({"key": "gpu", "operator": "Exists"},),
    labels={"team": "a", "app.kubernetes.io/name": "theirs", "sidecar.istio.io/inject": "true"},
    annotations={"note": "b", "kubectl.kubernetes.io/default-container": "theirs"},
    run_as_user=0,
)


def test_marks_that_look_like_numbers_or_truths_are_words_all_the_same() -> None:
    """`--set pod.nodeSelector.special=true` is a boolean to Helm; Kubernetes wants strings."""
    given = Values("server").to_values()
    given["pod"] = {
        **given["pod"],
        "nodeSelector": {"special": True},
        "labels": {"tier": 1},
        "tolerations": [{"key": "special", "value": True}],
    }

    for pod in pods(render(given)):
        assert pod["spec"]["nodeSelector"] == {"special": "true"}
        assert pod["spec"]["tolerations"] == [{"key": "special", "value": "true"}]
        assert pod["metadata"]["labels"]["tier"] == "1"


@EVERY
def test_every_pod_gets_what_the_cluster_wants_of_it_and_keeps_what_is_ours(values: Values) -> None:
    plain, wanted = pods(render(values.to_values())), pods(render(replace(values, pod=POD).to_values()))

    for before, pod in zip(plain, wanted, strict=True):
        spec, marks = pod["spec"], pod["metadata"]
        assert spec["imagePullSecrets"] == [{"name": "regcred"}]
        assert spec["nodeSelector"] == {"pool": "blue"}
        assert spec["tolerations"] == [{"key": "gpu", "operator": "Exists"}]
        assert marks["labels"] == {**before["metadata"]["labels"], "team": "a"}
        assert marks["annotations"] == {**before["metadata"]["annotations"], "note": "b"}
        assert spec["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def test_a_plain_pod_says_nothing_of_nodes_and_secrets() -> None:
    for pod in pods(render(SERVER.to_values())):
        assert not {"imagePullSecrets", "nodeSelector", "tolerations"} & set(pod["spec"])


def test_a_quota_that_wants_limits_of_cpu_can_be_satisfied() -> None:
    resources = ResourceValues(limits=Quantities("1", "256Mi"))

    for pod in pods(render(Values("server", resources=resources).to_values())):
        assert pod["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "1", "memory": "256Mi"}


def test_the_server_is_run_as_told() -> None:
    values = Values("server", replicas=3, server=ServerValues(9000, 30.5, 7.5))

    deployment = one(render(values.to_values()), "Deployment", "echo-server")["spec"]

    pod = deployment["template"]
    assert deployment["replicas"] == 3
    assert pod["spec"]["containers"][0]["args"][0] == "serve"
    assert arguments(pod) == {
        "--listen": "0.0.0.0:9000",
        "--drain": "7.5",
        "--admin": "127.0.0.1:8081",
        "--max-connection-age": "30.5",
    }
    assert environment(pod)["POD_NAME"]["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name"


def test_no_connection_age_means_no_option() -> None:
    pod = one(render(SERVER.to_values()), "Deployment", "echo-server")["spec"]["template"]

    assert arguments(pod) == {"--listen": "0.0.0.0:8080", "--drain": "5", "--admin": "127.0.0.1:8081"}


def test_the_owner_is_answered_on_loopback_only_and_can_be_left_out() -> None:
    values = Values("server", server=ServerValues(admin_port=0))

    pod = one(render(values.to_values()), "Deployment", "echo-server")["spec"]["template"]

    assert "--admin" not in arguments(pod)


def test_metrics_are_found_by_their_annotations_and_by_the_name_of_their_port() -> None:
    values = Values("server", server=ServerValues(metrics_port=9464))

    pod = one(render(values.to_values()), "Deployment", "echo-server")["spec"]["template"]

    assert arguments(pod)["--metrics"] == "0.0.0.0:9464"
    assert pod["metadata"]["annotations"]["prometheus.io/port"] == "9464"
    assert {"name": "metrics", "containerPort": 9464} in pod["spec"]["containers"][0]["ports"]


def test_a_client_tells_prometheus_as_servers_do() -> None:
    values = replace(CLIENT, client=replace(CLIENT.client, metrics_port=9464, pod_monitor=True))

    rendered = render(values.to_values(), kinds=["monitoring.coreos.com/v1/PodMonitor"], release="echo-client")
    pod = one(rendered, "Deployment", "echo-client")["spec"]["template"]

    assert arguments(pod)["--metrics"] == "0.0.0.0:9464"
    assert pod["metadata"]["annotations"]["prometheus.io/port"] == "9464"
    assert pod["spec"]["containers"][0]["ports"] == [{"name": "metrics", "containerPort": 9464}]
    assert one(rendered, "PodMonitor", "echo-client")["spec"]["podMetricsEndpoints"] == [{"port": "metrics"}]


def test_a_clients_metrics_are_not_the_servers() -> None:
    pod = one(render(CLIENT.to_values(), release="echo-client"), "Deployment", "echo-client")["spec"]["template"]

    assert "--metrics" not in arguments(pod)
    assert "prometheus.io/scrape" not in pod["metadata"]["annotations"]


def test_a_mesh_lets_prometheus_through_to_the_metrics_only() -> None:
    values = Values("server", server=ServerValues(metrics_port=9464), istio=IstioValues(enabled=True))

    pod = one(render(values.to_values()), "Deployment", "echo-server")["spec"]["template"]

    assert pod["metadata"]["annotations"]["traffic.sidecar.istio.io/excludeInboundPorts"] == "9464"


def test_a_monitor_is_made_only_where_the_cluster_knows_such() -> None:
    values = Values("server", server=ServerValues(metrics_port=9464, pod_monitor=True)).to_values()
    known = ["monitoring.coreos.com/v1/PodMonitor"]

    [endpoint] = one(render(values, kinds=known), "PodMonitor", "echo-server")["spec"]["podMetricsEndpoints"]

    assert endpoint == {"port": "metrics"}
    assert "PodMonitor" not in [document["kind"] for document in render(values)]


@pytest.mark.parametrize("drain", [0, 5, 59.5, 600])
def test_the_kubelet_waits_longer_than_the_server_drains(drain: float) -> None:
    values = Values("server", server=ServerValues(drain_seconds=drain))

    pod = one(render(values.to_values()), "Deployment", "echo-server")["spec"]["template"]

    assert pod["spec"]["terminationGracePeriodSeconds"] >= drain + 10


def test_probes_are_grpc_on_the_servers_port() -> None:
    [container] = one(render(SERVER.to_values()), "Deployment", "echo-server")["spec"]["template"]["spec"]["containers"]

    for probe in ("readinessProbe", "livenessProbe"):
        assert container[probe]["grpc"] == {"port": 8080}
    assert container["readinessProbe"]["periodSeconds"] == 1
    patience = container["livenessProbe"]["periodSeconds"] * container["livenessProbe"]["failureThreshold"]
    assert patience >= 60, "a slow start is no reason for a restart"


def test_a_rollout_never_takes_a_pod_before_its_successor_is_there() -> None:
    for values in (SERVER, CLIENT, Values("server", envoy=EnvoyValues(enabled=True))):
        for manifest in render(values.to_values()):
            if manifest["kind"] == "Deployment":
                assert manifest["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
                assert manifest["spec"]["revisionHistoryLimit"] == 2


def test_the_client_is_run_as_told() -> None:
    client = ClientValues("dns:///echo-server-headless:8080", "round_robin", 0.25, 50, 4, 1.5)

    pod = one(render(Values("client", client=client).to_values()), "Deployment", "echo-client")["spec"]["template"]

    assert pod["spec"]["containers"][0]["args"][0] == "client"
    assert arguments(pod) == {
        "--target": "dns:///echo-server-headless:8080",
        "--policy": "round_robin",
        "--rate": "0.25",
        "--concurrency": "50",
        "--connections": "4",
        "--wait": "60",
        "--timeout": "1.5",
        "--format": "json",
    }


def test_large_numbers_are_written_out() -> None:
    client = ClientValues("echo-server:8080", rate=100_000, concurrency=10_000, connections=1000)

    pod = one(render(Values("client", client=client).to_values()), "Deployment", "echo-client")["spec"]["template"]

    given = arguments(pod)
    assert (given["--rate"], given["--concurrency"], given["--connections"]) == ("100000", "10000", "1000")


@pytest.mark.parametrize(
    ("image", "reference"),
    [
        (ImageValues("lbdemo/echo", "0.1.0-abc"), "lbdemo/echo:0.1.0-abc"),
        (ImageValues("localhost:5000/lbdemo/echo", "1"), "localhost:5000/lbdemo/echo:1"),
        (ImageValues("lbdemo/echo"), "lbdemo/echo:0.1.0"),
        (ImageValues("lbdemo/echo", "1", "sha256:" + "a" * 64), "lbdemo/echo@sha256:" + "a" * 64),
    ],
)
def test_the_image_is_named_as_told(image: ImageValues, reference: str) -> None:
    images = {pod["spec"]["containers"][0]["image"] for pod in pods(render(Values("server", image=image).to_values()))}

    assert images == {reference}


def test_empty_quantities_are_left_out() -> None:
    def container(resource_values: ResourceValues) -> dict[str, Any]:
        manifests = render(Values("server", resources=resource_values).to_values())
        found: dict[str, Any] = one(manifests, "Deployment", "echo-server")["spec"]["template"]["spec"]["containers"][0]
        return found

    some = container(ResourceValues(Quantities("10m", ""), Quantities("1", "1Gi")))
    none = container(ResourceValues(Quantities(), Quantities()))

    assert some["resources"] == {"requests": {"cpu": "10m"}, "limits": {"cpu": "1", "memory": "1Gi"}}
    assert "resources" not in none


def test_releases_whose_names_look_like_something_else_stay_names() -> None:
    manifests = render(SERVER.to_values(), release="123", namespace="456")

    assert {"Deployment/123", "Service/123-headless"} <= names(manifests)
    assert one(manifests, "Service", "123")["spec"]["selector"]["app.kubernetes.io/instance"] == "123"


@pytest.mark.parametrize("values", [SERVER, CLIENT], ids=["server", "client"])
def test_the_helm_test_makes_a_few_calls(values: Values) -> None:
    pod = one(render(values.to_values()), "Pod", f"echo-{values.role}-test")

    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert pod["spec"]["restartPolicy"] == "Never"
    assert arguments(pod)["--target"] == "echo-server:8080"
    assert arguments(pod)["--count"] == "5"


@pytest.mark.parametrize(("namespace", "option"), [("lbdemo", ""), ("shop", " -n shop")])
def test_the_notes_have_the_two_commands_wanted_next(namespace: str, option: str) -> None:
    for values in (SERVER, CLIENT):
        text = notes(values.to_values(), namespace)

        assert [line.strip() for line in text.splitlines() if line.startswith("  ")] == [
            f"lbdemo{option} logs client",
            f"lbdemo{option} verify",
        ]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "/role"),
        ({"role": "both"}, "'server', 'client'"),
        ({"role": "server", "strategy": "istio"}, "strategy"),
        ({"role": "server", "server": None}, "server"),
        ({"role": "client"}, "client.target is required"),
        ({"role": "client", "client": {"target": "echo-server:8080"}, "xds": ON}, "xds:///"),
        ({"role": "client", "client": {"target": XDS_TARGET}}, "xds.enabled"),
        ({"role": "server", "istio": ON, "envoy": ON}, "istio and envoy"),
        ({"role": "server", "server": {"adminPort": 8080}}, "another port than server.port"),
        ({"role": "server", "server": {"adminPort": 80}}, "adminPort"),
        ({"role": "server", "server": {"metricsPort": 8081}}, "another port than server.port and server.adminPort"),
        ({"role": "server", "server": {"podMonitor": True}}, "needs a server.metricsPort"),
        ({"role": "client", "client": {"target": "a:1", "podMonitor": True}}, "needs a client.metricsPort"),
        ({"role": "server", "xds": ON, "balancing": {"outlierDetection": ON}}, "no effect"),
        ({"role": "server", "xds": ON, "balancing": {"policy": "LEAST_REQUEST"}}, "ROUND_ROBIN with xds"),
    ],
)
def test_bad_values_are_refused_with_a_reason(values: dict[str, Any], words: str) -> None:
    assert words in refusal(values)
