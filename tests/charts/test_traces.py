"""Spans of each call: who is told to send them, and where what takes them comes from."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from helm_chart import Manifest, names, one, refusal, render

from lbdemo.cluster.install.values import ClientValues, EnvoyValues, ImageValues, IstioValues, TraceValues, Values

pytestmark = pytest.mark.helm

OTLP = "echo-server-traces.shop.svc:4317"
TRACE = TraceValues(OTLP, backend="lbdemo")
MESHED = Values("server", istio=IstioValues(enabled=True), trace=TraceValues(OTLP, "lbdemo-shop", "jaeger"))
CLIENT = Values("client", client=ClientValues("echo-server:8080"), trace=TraceValues(OTLP))


def container(manifest: Manifest) -> dict[str, Any]:
    found: dict[str, Any] = manifest["spec"]["template"]["spec"]["containers"][0]
    return found


def environment(manifest: Manifest) -> dict[str, str]:
    return {each["name"]: each.get("value", "") for each in container(manifest).get("env", ())}


def pod_annotations(manifest: Manifest) -> dict[str, str]:
    found: dict[str, str] = manifest["spec"]["template"]["metadata"].get("annotations", {})
    return found


@pytest.mark.parametrize("values", [CLIENT, Values("server", trace=TRACE)], ids=["client", "server"])
def test_both_sides_send_their_spans_under_the_names_of_their_releases(values: Values) -> None:
    name = f"echo-{values.role}"
    told = environment(one(render(values.to_values()), "Deployment", name))

    assert told["OTEL_EXPORTER_OTLP_ENDPOINT"] == f"http://{OTLP}"
    assert told["OTEL_SERVICE_NAME"] == name


def test_without_an_address_nothing_is_said_of_traces() -> None:
    for values in (Values("server", istio=IstioValues(enabled=True)), Values("client", client=ClientValues("a:1"))):
        text = yaml.dump_all(render(values.to_values()))
        assert not any(word in text for word in ("OTEL", "tracing", "Telemetry", "echo-server-traces", "4317"))


def test_sidecars_have_names_of_their_own_and_let_exports_pass() -> None:
    marks = pod_annotations(one(render(MESHED.to_values()), "Deployment", "echo-server"))
    config = json.loads(marks["proxy.istio.io/config"])

    assert config["tracingServiceName"] == "CANONICAL_NAME_ONLY"
    assert int(config["runtimeValues"]["tracing.opentelemetry.flush_interval_ms"]) < 5000
    assert config["holdApplicationUntilProxyStarts"] is True, "what is said without traces still is"
    assert marks["traffic.sidecar.istio.io/excludeOutboundPorts"] == "4317"
    assert marks["sidecar.istio.io/statsInclusionPrefixes"] == "cluster.outbound"


def test_another_port_passes_the_sidecar_too() -> None:
    values = Values("server", istio=IstioValues(enabled=True), trace=TraceValues("otel.obs:14317"))
    marks = pod_annotations(one(render(values.to_values()), "Deployment", "echo-server"))

    assert marks["traffic.sidecar.istio.io/excludeOutboundPorts"] == "14317"


def test_each_request_of_the_namespace_is_traced_by_the_named_provider() -> None:
    found = one(render(MESHED.to_values()), "Telemetry", "echo-server")

    [told] = found["spec"]["tracing"]
    assert told == {"providers": [{"name": "lbdemo-shop"}], "randomSamplingPercentage": 100}
    assert json.loads(found["metadata"]["annotations"]["lbdemo/applied"]) == {"spec": found["spec"]}


@pytest.mark.parametrize(
    "values", [CLIENT, Values("server", trace=TRACE), Values("server", envoy=EnvoyValues(enabled=True), trace=TRACE)]
)
def test_only_servers_with_sidecars_bring_a_telemetry(values: Values) -> None:
    assert not [name for name in names(render(values.to_values())) if name.startswith("Telemetry/")]


def test_the_backend_is_called_by_grpc_and_has_no_sidecar() -> None:
    """To a port that does not say gRPC, Istio's sidecars would speak HTTP/1: each export ends as 502."""
    manifests = render(MESHED.to_values())
    ports = {p["port"]: p for p in one(manifests, "Service", "echo-server-traces")["spec"]["ports"]}
    backend = one(manifests, "Deployment", "echo-server-traces")

    assert ports[4317]["appProtocol"] == "grpc"
    assert ports[16686]["appProtocol"] == "http"
    assert backend["spec"]["template"]["metadata"]["labels"]["sidecar.istio.io/inject"] == "false"
    assert {p["name"] for p in container(backend)["ports"]} == {p["targetPort"] for p in ports.values()}


def test_the_servers_services_do_not_select_the_backend() -> None:
    manifests = render(MESHED.to_values())
    labels = one(manifests, "Deployment", "echo-server-traces")["spec"]["template"]["metadata"]["labels"]

    for name in ("echo-server", "echo-server-headless"):
        selector = one(manifests, "Service", name)["spec"]["selector"]
        assert not selector.items() <= labels.items()


def test_jaeger_is_the_named_image_and_listens_for_others() -> None:
    image = ImageValues("registry.example/jaeger", "2.1.0")
    trace = TraceValues(OTLP, backend="jaeger", image=image)
    found = container(one(render(Values("server", trace=trace).to_values()), "Deployment", "echo-server-traces"))

    assert found["image"] == "registry.example/jaeger:2.1.0"
    assert {"name": "JAEGER_LISTEN_HOST", "value": "0.0.0.0"} in found["env"]


def test_our_own_collector_is_the_image_that_is_there_anyway() -> None:
    values = Values("server", image=ImageValues("registry/echo", "7"), trace=TRACE)
    found = container(one(render(values.to_values()), "Deployment", "echo-server-traces"))

    assert found["image"] == "registry/echo:7"
    assert found["args"] == ["collector", "--otlp", "0.0.0.0:4317", "--query", "0.0.0.0:16686"]


@pytest.mark.parametrize("backend", ["jaeger", "lbdemo"])
def test_the_backend_is_as_restricted_as_all_our_pods(backend: Any) -> None:
    trace = TraceValues(OTLP, backend=backend)
    found = one(render(Values("server", trace=trace).to_values()), "Deployment", "echo-server-traces")
    pod, security = found["spec"]["template"]["spec"], container(found)["securityContext"]

    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert security["readOnlyRootFilesystem"] is True
    assert security["capabilities"] == {"drop": ["ALL"]}


def test_the_envoy_in_front_tells_its_spans_in_its_pods_name() -> None:
    values = Values("server", envoy=EnvoyValues(enabled=True), trace=TRACE)
    manifests = render(values.to_values())
    text = one(manifests, "ConfigMap", "echo-server-envoy")["data"]["bootstrap.yaml"]
    told = yaml.safe_load(text)
    [there] = [c for c in told["static_resources"]["clusters"] if c["name"] == "collector"]
    address = there["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]
    proxy = container(one(manifests, "Deployment", "echo-server-envoy"))

    assert address == {"address": "echo-server-traces.shop.svc", "port_value": 4317}
    assert "envoy.tracers.opentelemetry" in text
    assert proxy["args"][proxy["args"].index("--service-node") + 1] == "$(POD_NAME)"
    assert [each["name"] for each in proxy["env"]] == ["POD_NAME"]


def test_a_backend_that_nobody_is_told_of_is_refused() -> None:
    assert "trace.otlp" in refusal(Values("server", trace=TraceValues(backend="lbdemo")).to_values())
    assert "trace.otlp" in refusal(Values("server", trace=TraceValues(provider="a")).to_values())
