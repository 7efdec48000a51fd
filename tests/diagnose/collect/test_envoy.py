from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from lbdemo.diagnose.collect import envoy_config, envoy_hosts
from lbdemo.diagnose.collect.exec_looks import looks
from lbdemo.diagnose.looks import EnvoyHost
from lbdemo.kube.records.meta import Meta
from lbdemo.kube.records.services import Service

HOST = "payments.shop.svc.cluster.local"
NAME = f"outbound|8080||{HOST}"
TEXT = f"""2026-11-26T12:25:29Z warn something that the agent says
{NAME}::observability_name::{NAME};
{NAME}::default_priority::max_connections::4294967295
{NAME}::10.244.0.8:8080::cx_active::1
{NAME}::10.244.0.8:8080::cx_connect_fail::2
{NAME}::10.244.0.8:8080::cx_total::3
{NAME}::10.244.0.8:8080::rq_active::4
{NAME}::10.244.0.8:8080::rq_error::5
{NAME}::10.244.0.8:8080::rq_pending_active::6
{NAME}::10.244.0.8:8080::rq_success::123
{NAME}::10.244.0.8:8080::rq_total::128
{NAME}::10.244.0.8:8080::hostname::
{NAME}::10.244.0.8:8080::health_flags::/failed_outlier_check/failed_eds_health
{NAME}::10.244.0.8:8080::weight::1
{NAME}::10.244.0.8:8080::zone::b
{NAME}::10.244.0.8:8080::priority::1
{NAME}::[fd00::7]:8080::rq_total::9
{NAME}::[fd00::7]:8080::health_flags::healthy
outbound|8080||other.shop.svc.cluster.local::10.244.0.9:8080::rq_total::7
PassthroughCluster::10.0.0.9:8080::cx_total::1
InboundPassthroughCluster::10.0.0.9:8080::cx_total::1
"""


def test_hosts_of_the_services_clusters_are_read_with_their_counters() -> None:
    first, second, third = envoy_hosts.hosts(TEXT.splitlines(), [HOST])

    assert first == EnvoyHost(
        NAME, "10.244.0.8", 8080, 128, 123, 5, 4, 3, 1, 2, 1, 1, "b", ("failed_outlier_check", "failed_eds_health"), 6
    )
    assert (second.address, second.calls_total, second.unhealthy) == ("fd00::7", 9, ())
    assert (third.cluster, third.connections_total) == ("PassthroughCluster", 1)


def test_a_shell_is_told_the_host_as_a_word_and_not_as_a_part_of_its_script() -> None:
    with_shell, without = envoy_hosts.ways((HOST,))

    assert with_shell.command(12, 0.5)[-3:] == ["12", "0.500", HOST]
    assert HOST not in with_shell.command(12, 0.5)[2]
    assert without.command(1, 0) == ["pilot-agent", "request", "GET", "clusters"]
    assert without.repeated


def agent(folder: Path, script: str) -> str:
    """A PATH on which pilot-agent is this script; grep and sleep are the usual ones."""
    for name in ("grep", "sleep"):
        (folder / name).symlink_to(shutil.which(name) or name)
    (folder / "pilot-agent").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "pilot-agent").chmod(0o755)
    return str(folder)


def run(path: str) -> subprocess.CompletedProcess[str]:
    command = ["/bin/sh", *envoy_hosts.ways((HOST,))[0].command(2, 0.01)[1:]]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": path}, timeout=20)


def test_a_shell_brings_what_envoy_says_of_the_host_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "said").write_text(TEXT)

    done = run(agent(tmp_path, f'while read -r line; do echo "$line"; done < {tmp_path}/said'))

    first, second = looks(done.stdout.splitlines())
    assert (done.returncode, first) == (0, second)
    assert len(envoy_hosts.hosts(first, [HOST])) == 3
    assert not any("other.shop" in line for line in first)


def test_an_envoy_that_knows_nothing_of_the_host_has_answered_all_the_same(tmp_path: Path) -> None:
    done = run(agent(tmp_path, "echo other::10.0.0.1:80::rq_total::1"))

    way, (first, _) = envoy_hosts.ways((HOST,))[0], looks(done.stdout.splitlines())
    assert done.returncode == 0
    assert way.shows(first)
    assert envoy_hosts.hosts(first, [HOST]) == ()


def test_an_agent_that_fails_is_no_envoy_without_hosts(tmp_path: Path) -> None:
    done = run(agent(tmp_path, "exit 1"))

    assert done.returncode == 127
    assert list(looks(done.stdout.splitlines())) == []


def dump(*configs: object) -> str:
    return "2026 warn {POD_NAMESPACE false}\n" + json.dumps({"configs": configs}, indent=1)


def test_what_a_cluster_was_told() -> None:
    cluster = {
        "name": NAME, "type": "EDS", "lb_policy": "LEAST_REQUEST", "outlier_detection": {},
        "common_lb_config": {"locality_weighted_lb_config": {}},
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "explicit_http_config": {"http2_protocol_options": {"max_concurrent_streams": 4}},
            "common_http_protocol_options": {"max_requests_per_connection": 1}}},
    }  # fmt: skip
    cluster["circuit_breakers"] = {"thresholds": [{"priority": "HIGH"}, {"max_connections": 2}]}
    endless = {"thresholds": [{"max_connections": 4294967295}]}
    subset = {"name": f"outbound|8080|new|{HOST}", "type": "EDS", "circuit_breakers": endless}

    first, second = envoy_config.clusters("shop/checkout", dump({"cluster": cluster}, {"cluster": subset}))

    assert (first.balancer, first.http2, first.outlier_detection, first.locality) == ("LEAST_REQUEST", True, True, True)
    assert (first.max_requests_per_connection, first.max_streams, first.max_connections) == (1, 4, 2)
    assert (second.max_streams, second.max_connections) == (0, 0)
    assert (second.subset, second.balancer, second.http2) == ("new", "ROUND_ROBIN", False)


def listener(name: str, *filters: tuple[str, dict[str, object]]) -> dict[str, object]:
    chain = {"filters": [{"name": kind, "typed_config": told} for kind, told in filters]}
    return {"active_state": {"listener": {"name": name, "filter_chains": [chain]}}}


ROUTES = dump({"route_config": {"name": "8080", "virtual_hosts": [
    {"domains": ["other"], "routes": [{"route": {"cluster": "other"}}]},
    {"domains": [HOST, "payments"], "routes": [{"route": {"weighted_clusters": {"clusters": [
        {"name": NAME, "weight": 80}, {"name": "canary", "weight": 20}]}}}]},
]}})  # fmt: skip


def test_a_listener_that_reads_requests_routes_them_by_weights() -> None:
    http = dump(listener("0.0.0.0_8080", ("envoy.filters.network.http_connection_manager", {})))

    (route,) = envoy_config.routes("shop/checkout", http, ROUTES, HOST, 8080)

    assert (route.kind, route.listener, route.clusters) == ("http", "0.0.0.0_8080", ((NAME, 80), ("canary", 20)))


def test_a_listener_that_passes_connections_on_is_tcp() -> None:
    tcp = dump(listener("10.96.3.7_8080", ("envoy.filters.network.tcp_proxy", {"cluster": NAME})))

    (route,) = envoy_config.routes("shop/checkout", tcp, ROUTES, HOST, 8080)

    assert (route.kind, route.clusters) == ("tcp", ((NAME, 100),))


def test_tcp_of_another_service_on_the_same_port_is_not_this_ones() -> None:
    both = dump(
        listener("0.0.0.0_8080", ("envoy.filters.network.http_connection_manager", {}),
                 ("envoy.filters.network.tcp_proxy", {"cluster": "PassthroughCluster"})),
        listener("10.96.3.9_8080", ("envoy.filters.network.tcp_proxy", {"cluster": NAME.replace("payments", "db")})),
    )  # fmt: skip

    assert [route.kind for route in envoy_config.routes("p", both, ROUTES, HOST, 8080, ["10.96.3.7"])] == ["http"]


def test_a_listener_for_the_services_own_address_is_this_ones_wherever_it_leads() -> None:
    away = NAME.replace("payments", "db")
    told = dump(listener("10.96.3.7_8080", ("envoy.filters.network.tcp_proxy", {"cluster": away})),
                listener("10.96.3.7_80801", ("envoy.filters.network.tcp_proxy", {"cluster": away})))  # fmt: skip

    assert [(route.kind, route.clusters) for route in
            envoy_config.routes("p", told, ROUTES, HOST, 8080, ["10.96.3.7"])] == [("tcp", ((away, 100),))]  # fmt: skip


def test_what_is_no_dump_tells_nothing() -> None:
    for text in ("", "unknown resource", "[]", "{"):
        assert envoy_config.clusters("p", text) == ()
        assert envoy_config.routes("p", text, text, HOST, 8080) == ()


def test_a_port_without_a_protocol_is_read_as_http_where_it_is_http() -> None:
    manager = {"name": "envoy.filters.network.http_connection_manager", "typed_config": {}}
    proxy = {"name": "envoy.filters.network.tcp_proxy", "typed_config": {"cluster": NAME}}
    sniffs = {
        "name": "10.96.3.7_8080", "default_filter_chain": {"filters": [proxy]},
        "filter_chains": [{"filter_chain_match": {"application_protocols": ["h2c"]}, "filters": [manager]}],
    }  # fmt: skip
    only = {"name": "10.96.3.7_8080", "default_filter_chain": {"filters": [proxy]}}

    def kinds(*listeners: Mapping[str, object]) -> list[str]:
        told = dump(*({"active_state": {"listener": one}} for one in listeners))
        return [each.kind for each in envoy_config.routes("shop/checkout", told, "", HOST, 8080)]

    assert kinds(sniffs) == ["http"]
    assert kinds(only) == ["tcp"]


def test_only_the_services_own_clusters_and_listeners_are_asked_for() -> None:
    service = Service(Meta("Service", "shop", "payments"), "ClusterIP", ("10.96.3.7",), (), {})

    asked = envoy_config.clusters_address(HOST, 8080)

    assert asked.endswith(r"outbound\|8080\|.*\|payments\.shop\.svc\.cluster\.local")
    assert envoy_config.listeners_address(service, 8080).endswith(r"(0\.0\.0\.0|10\.96\.3\.7)_8080")
