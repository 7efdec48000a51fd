"""What decides where a request goes, read off objects as a real API server gave them (`objects/`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lbdemo.kube import traffic_kinds
from lbdemo.kube.kinds import Kind
from lbdemo.kube.records.gateways import Backend, Listener, Match, Parent, parse_gateway, parse_route
from lbdemo.kube.records.istio import (
    MESH,
    Destination,
    TrafficPolicy,
    parse_destination_rule,
    parse_peer_authentication,
    parse_virtual_service,
)

OBJECTS = Path(__file__).parent / "objects"


def real(plural: str) -> Any:
    """The object as `kubectl get -o json` printed it."""
    return json.loads((OBJECTS / f"{plural}.json").read_text())


def test_a_virtual_service_tells_hosts_gateways_and_where_its_routes_lead() -> None:
    found = parse_virtual_service(real("virtualservices"))

    assert found.hosts == ("shop", "shop.orders.svc.cluster.local")
    assert (found.gateways, found.export_to) == ((MESH, "public"), (".",))
    canary, rest, tcp = found.routes
    assert canary.destinations == (Destination("shop", "v1", 8080, 90), Destination("shop", "v2", 0, 10))
    assert (canary.name, canary.matches, canary.retries, canary.timeout) == ("canary", True, 3, "5s")
    assert canary.mirror == "shop-shadow"
    assert (rest.destinations, rest.matches, rest.retries) == ((Destination("shop", weighed=False),), False, None)
    assert (tcp.protocol, tcp.destinations[0].host) == ("tcp", "shop-tcp")


def test_one_that_names_no_gateway_is_for_the_sidecars() -> None:
    item = real("virtualservices")
    del item["spec"]["gateways"]

    assert parse_virtual_service(item).gateways == (MESH,)


def test_of_several_destinations_one_without_a_weight_gets_nothing() -> None:
    item = real("virtualservices")
    del item["spec"]["http"][0]["route"][1]["weight"]

    assert [to.weight for to in parse_virtual_service(item).routes[0].destinations] == [90, 0]


def test_a_destination_rule_tells_how_its_host_is_balanced() -> None:
    found = parse_destination_rule(real("destinationrules"))

    assert found.host == "shop.orders.svc.cluster.local"
    assert found.policy == TrafficPolicy(
        "LEAST_REQUEST", "", True, "30s", 1, 10, 5, "UPGRADE", outlier_detection=True, tls="ISTIO_MUTUAL"
    )
    assert found.ports == {8080: TrafficPolicy("ROUND_ROBIN")}
    assert (found.selector, found.export_to) == ({"app": "front"}, ("*",))


def test_a_subset_has_labels_and_perhaps_a_policy_of_its_own() -> None:
    v1, v2 = parse_destination_rule(real("destinationrules")).subsets

    assert (v1.name, v1.labels, v1.policy) == ("v1", {"version": "v1"}, None)
    assert v2.policy == TrafficPolicy("CONSISTENT_HASH", "httpHeaderName x-user", hash='{"httpHeaderName": "x-user"}')


@pytest.mark.parametrize(
    ("hashed", "key"),
    [
        ({"useSourceIp": True}, "useSourceIp"),
        ({"httpCookie": {"name": "session", "ttl": "0s"}}, "httpCookie session"),
        ({"httpQueryParameterName": "user"}, "httpQueryParameterName user"),
        ({"ringHash": {}}, ""),
    ],
)
def test_what_a_hash_is_taken_of(hashed: dict[str, Any], key: str) -> None:
    item = {"spec": {"host": "shop", "trafficPolicy": {"loadBalancer": {"consistentHash": hashed}}}}

    policy = parse_destination_rule(item).policy

    assert (policy.balancer, policy.hashed_by) == ("CONSISTENT_HASH", key)
    assert json.loads(policy.hash) == hashed


def test_zones_that_are_switched_off_are_told_from_those_that_nobody_mentions() -> None:
    settings: list[dict[str, Any]] = [{}, {"localityLbSetting": {"enabled": False}}, {"localityLbSetting": {}}]
    items = [{"spec": {"host": "shop", "trafficPolicy": {"loadBalancer": setting}}} for setting in settings]

    assert [parse_destination_rule(item).policy.locality for item in items] == [None, False, True]


def test_a_peer_authentication_tells_whether_plain_text_is_taken_and_on_which_port() -> None:
    found = parse_peer_authentication(real("peerauthentications"))

    assert (found.mode, found.selector, found.ports) == ("STRICT", {"app": "shop"}, {8080: "DISABLE"})
    assert parse_peer_authentication({"spec": {"mtls": {}}}).mode == "UNSET"
    assert parse_peer_authentication({"metadata": {"name": "x"}}).mode == "UNSET"


def test_a_gateway_tells_its_listeners_and_whether_a_controller_has_taken_it() -> None:
    found = parse_gateway(real("gateways"))

    assert found.gateway_class == "internal"
    assert found.listeners == (Listener("grpc", 443, "HTTPS", "*.example.com"), Listener("plain", 80, "HTTP"))
    assert [(c.type, c.status, c.reason) for c in found.conditions] == [
        ("Accepted", "Unknown", "Pending"), ("Programmed", "Unknown", "Pending"),
    ]  # fmt: skip
    assert found.addresses == ()


def test_a_gateways_status_tells_its_addresses_and_how_many_routes_each_listener_has() -> None:
    item = real("gateways")
    item["status"]["addresses"] = [{"type": "IPAddress", "value": "192.0.2.1"}]
    item["status"]["listeners"] = [{"name": "plain", "attachedRoutes": 2}]

    found = parse_gateway(item)

    assert found.addresses == ("192.0.2.1",)
    assert [listener.routes for listener in found.listeners] == [0, 2]


def test_an_http_route_tells_its_gateway_and_how_requests_are_shared() -> None:
    found = parse_route(real("httproutes"))

    assert found.meta.kind == "HTTPRoute"
    assert found.parents == (Parent("Gateway", "public", "orders", "plain"),)
    assert found.hostnames == ("shop.example.com",)
    [rule] = found.rules
    assert rule.matches == (Match("PathPrefix", "/shop.Orders/"),)
    assert rule.backends == (Backend("shop-v1", "orders", 8080, 9), Backend("shop-v2", "orders", 8080, 1))
    assert (rule.timeout, found.conditions) == ("5s", ())


def test_a_grpc_route_for_a_service_tells_which_methods_go_where() -> None:
    found = parse_route(real("grpcroutes"))

    assert found.parents == (Parent("Service", "shop", "orders", "", 8080),)
    service, method, rest = found.rules
    assert service.matches == (Match("Exact", service="shop.Orders"),)
    assert method.matches == (Match("Exact", service="shop.Orders", method="List", headers=("version",)),)
    assert method.backends == (Backend("shop-v2", "other", 8080, 0),)
    assert rest.backends == (Backend("shop-v1", "orders", 8080),)


def test_what_controllers_say_of_a_route_is_read_of_all_parents() -> None:
    item = real("grpcroutes")
    refused = {"type": "Accepted", "status": "False", "reason": "NoMatchingParent"}
    resolved = {"type": "ResolvedRefs", "status": "True"}
    item["status"] = {"parents": [{"conditions": [refused]}, {"conditions": [resolved]}]}

    found = parse_route(item).conditions

    assert [(c.type, c.status) for c in found] == [("Accepted", "False"), ("ResolvedRefs", "True")]


@pytest.mark.parametrize(
    "kind",
    [getattr(traffic_kinds, name) for name in vars(traffic_kinds) if isinstance(getattr(traffic_kinds, name), Kind)],
    ids=lambda kind: kind.plural,
)
def test_each_kind_reads_its_own_objects(kind: Kind[Any]) -> None:
    item = real(kind.plural)

    found = kind.parse(item)

    assert (found.meta.kind, found.meta.namespace, found.meta.created) == (
        kind.name, "orders", item["metadata"]["creationTimestamp"],
    )  # fmt: skip
    assert item["apiVersion"] == kind.api_version(kind.versions[0])


@pytest.mark.parametrize(
    ("tls", "kept"),
    [({}, ""), ({"mode": "SIMPLE"}, ""), ({"mode": "SIMPLE", "sni": "a"}, '{"mode": "SIMPLE", "sni": "a"}')],
)
def test_what_a_rule_says_of_tls_beside_its_mode_is_kept_as_it_stands(tls: dict[str, str], kept: str) -> None:
    item = {"metadata": {"name": "r"}, "spec": {"host": "a", "trafficPolicy": {"tls": tls}}}

    policy = parse_destination_rule(item).policy

    assert (policy.tls, policy.tls_settings) == (tls.get("mode", ""), kept)
