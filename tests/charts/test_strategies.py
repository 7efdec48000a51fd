from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from helm_chart import arguments, environment, names, one, pods, render

from lbdemo.cluster.install.values import (
    BalancingValues,
    ClientValues,
    EnvoyValues,
    IstioValues,
    OutlierDetectionValues,
    Values,
    XdsValues,
)

pytestmark = pytest.mark.helm

PLAIN = Values("server")
ISTIO = Values("server", istio=IstioValues(enabled=True))
ENVOY = Values("server", envoy=EnvoyValues(enabled=True))
XDS = Values("server", xds=XdsValues(enabled=True))
XDS_TARGET = "xds:///echo-server.shop.svc.cluster.local:8080"
XDS_CLIENT = Values("client", client=ClientValues(XDS_TARGET), xds=XdsValues(enabled=True))
OUTLIERS = OutlierDetectionValues(True, 3, 0.5, 30, 40)


def rule(values: Values) -> dict[str, Any]:
    found: dict[str, Any] = one(render(values.to_values()), "DestinationRule", "echo-server")["spec"]
    return found


def test_istio_adds_its_two_rules_and_nothing_else() -> None:
    added = names(render(ISTIO.to_values())) - names(render(PLAIN.to_values()))

    assert added == {"DestinationRule/echo-server", "PeerAuthentication/echo-server"}


def test_a_client_release_has_no_istio_objects() -> None:
    values = Values("client", client=ClientValues("echo-server:8080"), istio=IstioValues(enabled=True))

    assert names(render(values.to_values())) == {"Deployment/echo-client", "Pod/echo-client-test"}


@pytest.mark.parametrize(("values", "inject"), [(PLAIN, "false"), (ENVOY, "false"), (XDS, "false"), (ISTIO, "true")])
def test_every_pod_says_whether_it_gets_a_sidecar(values: Values, inject: str) -> None:
    for pod in pods(render(values.to_values())):
        assert pod["metadata"]["labels"]["sidecar.istio.io/inject"] == inject
        assert "istio.io/rev" not in pod["metadata"]["labels"]


def test_a_revision_is_asked_for_by_name() -> None:
    values = Values("server", istio=IstioValues(enabled=True, revision="1-31"))

    for pod in pods(render(values.to_values())):
        assert pod["metadata"]["labels"]["istio.io/rev"] == "1-31"
        assert pod["metadata"]["labels"]["sidecar.istio.io/inject"] == "true"


def test_a_revision_without_istio_means_nothing() -> None:
    assert render(Values("server", istio=IstioValues(revision="1-31")).to_values()) == render(PLAIN.to_values())


def test_each_release_has_its_canonical_name() -> None:
    for values, name in ((ISTIO, "echo-server"), (XDS_CLIENT, "echo-client")):
        for pod in pods(render(values.to_values())):
            assert pod["metadata"]["labels"]["service.istio.io/canonical-name"] == name


def test_mutual_tls_is_strict_for_our_servers_only() -> None:
    manifests = render(ISTIO.to_values())

    peers = one(manifests, "PeerAuthentication", "echo-server")["spec"]
    servers = one(manifests, "Deployment", "echo-server")["spec"]["selector"]
    assert peers == {"selector": servers, "mtls": {"mode": "STRICT"}}


@pytest.mark.parametrize("policy", ["ROUND_ROBIN", "LEAST_REQUEST"])
def test_the_policy_reaches_the_destination_rule(policy: Any) -> None:
    spec = rule(Values("server", istio=IstioValues(enabled=True), balancing=BalancingValues(policy)))

    assert spec == {
        "host": "echo-server",
        "trafficPolicy": {"loadBalancer": {"simple": policy}},
    }


def test_outlier_detection_reaches_the_destination_rule() -> None:
    balancing = BalancingValues(outlier_detection=OUTLIERS)

    spec = rule(Values("server", istio=IstioValues(enabled=True), balancing=balancing))

    assert spec["trafficPolicy"]["outlierDetection"] == {
        "consecutive5xxErrors": 3,
        "interval": "0.5s",
        "baseEjectionTime": "30s",
        "maxEjectionPercent": 40,
    }


def test_the_sidecar_waits_for_the_calls_in_flight() -> None:
    for pod in pods(render(ISTIO.to_values())):
        settings = json.loads(pod["metadata"]["annotations"]["proxy.istio.io/config"])

        assert settings["proxyMetadata"]["EXIT_ON_ZERO_ACTIVE_CONNECTIONS"] == "true"
    for pod in pods(render(PLAIN.to_values())):
        assert "proxy.istio.io/config" not in pod["metadata"]["annotations"]


def test_servers_of_proxyless_clients_are_called_without_tls() -> None:
    added = names(render(XDS.to_values())) - names(render(PLAIN.to_values()))

    assert added == {"DestinationRule/echo-server"}
    assert rule(XDS)["trafficPolicy"]["tls"] == {"mode": "DISABLE"}


def test_the_proxyless_client_gets_its_bootstrap() -> None:
    for pod in pods(render(XDS_CLIENT.to_values())):
        variables = environment(pod)
        bootstrap = json.loads(variables["GRPC_XDS_BOOTSTRAP_CONFIG"]["value"])

        assert arguments(pod)["--target"] == XDS_TARGET
        assert bootstrap["xds_servers"] == [
            {
                "server_uri": "istiod.istio-system.svc:15010",
                "channel_creds": [{"type": "insecure"}],
                "server_features": ["xds_v3"],
            }
        ]
        assert bootstrap["node"]["id"] == "sidecar~$(POD_IP)~$(POD_NAME).shop~shop.svc.cluster.local"
        assert bootstrap["node"]["metadata"]["GENERATOR"] == "grpc"
        # Kubernetes expands only what was named before.
        assert list(variables)[-1] == "GRPC_XDS_BOOTSTRAP_CONFIG"
        assert variables["POD_IP"]["valueFrom"]["fieldRef"]["fieldPath"] == "status.podIP"


def test_another_cluster_domain_reaches_the_proxyless_client() -> None:
    target = XDS_TARGET.replace("cluster.local", "corp.example")
    client = replace(XDS_CLIENT, client=ClientValues(target), cluster_domain="corp.example")

    for pod in pods(render(client.to_values())):
        bootstrap = json.loads(environment(pod)["GRPC_XDS_BOOTSTRAP_CONFIG"]["value"])
        assert bootstrap["node"]["id"].endswith("~shop.svc.corp.example")
    server = one(render(replace(XDS, cluster_domain="corp.example").to_values()), "Pod", "echo-server-test")
    assert arguments(server)["--target"] == target


def test_other_clients_get_none() -> None:
    values = Values("client", client=ClientValues("echo-server:8080"))

    for pod in pods(render(values.to_values())):
        assert set(environment(pod)) == {"POD_NAME"}


@pytest.mark.parametrize(
    ("values", "target"),
    [
        (PLAIN, "echo-server:8080"),
        (ISTIO, "echo-server:8080"),
        (ENVOY, "echo-server-envoy:8080"),
        (XDS, XDS_TARGET),
        (XDS_CLIENT, XDS_TARGET),
    ],
)
def test_the_helm_test_calls_by_the_strategy(values: Values, target: str) -> None:
    pod = one(render(values.to_values()), "Pod", f"echo-{values.role}-test")

    assert arguments(pod)["--target"] == target
    assert ("GRPC_XDS_BOOTSTRAP_CONFIG" in environment(pod)) == values.xds.enabled
