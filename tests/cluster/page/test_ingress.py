"""A gateway that is there already: which one, which port, and where it can be reached from here."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from fake_api import FakeApi

from lbdemo.cluster.page.ingress import Ingress, addresses, find, newest, reaches
from lbdemo.cluster.page.passing import Address
from lbdemo.errors import InputError
from lbdemo.kube.answers import UnseenError

MARKS = {"istio": "ingressgateway", "app": "door"}
HTTP = {"name": "http2", "port": 80, "targetPort": 8080, "nodePort": 30080}
USUAL = ({"name": "status-port", "port": 15021}, HTTP, {"name": "https", "port": 443})


def gateway(
    name: str = "door", namespace: str = "edge", *ports: dict[str, Any], marks: dict[str, str] | None = None,
    ingress: tuple[dict[str, str], ...] = (), selector: dict[str, str] | None = MARKS,
) -> dict[str, Any]:  # fmt: skip
    meta = {"name": name, "namespace": namespace, "labels": MARKS if marks is None else marks}
    spec = {"ports": list(ports or USUAL), "selector": selector}
    return {"kind": "Service", "metadata": meta, "spec": spec, "status": {"loadBalancer": {"ingress": list(ingress)}}}


def pod(name: str, node: str, *, ready: bool = True) -> dict[str, Any]:
    meta = {"name": name, "namespace": "edge", "labels": MARKS}
    status = {"conditions": [{"type": "Ready", "status": "True" if ready else "False"}]}
    return {"kind": "Pod", "metadata": meta, "spec": {"nodeName": node, "containers": []}, "status": status}


def node(name: str, *places: tuple[str, str]) -> dict[str, Any]:
    status = {"addresses": [{"type": kind, "address": place} for kind, place in places]}
    return {"kind": "Node", "metadata": {"name": name}, "status": status}


def found(api: FakeApi, asked: str = "") -> Ingress:
    with api:
        return find(api.api(), asked)


def where(api: FakeApi) -> list[tuple[str, str]]:
    with api:
        known = addresses(api.api(), find(api.api()), "lbdemo.invalid")
    assert {address.name for address, _ in known} <= {"lbdemo.invalid"}
    return [(str(address), what) for address, what in known]


def test_it_is_found_by_the_label_of_istios_charts_wherever_it_is() -> None:
    there = found(FakeApi().add(gateway(), gateway("other", "edge", marks={})))

    assert str(there) == "gateway door in namespace edge"
    assert (dict(there.entry.selector), there.entry.port) == (MARKS, 80)


def test_of_several_that_of_istios_own_namespace_is_taken() -> None:
    assert found(FakeApi().add(gateway(), gateway("main", "istio-system"))).namespace == "istio-system"


def test_where_none_stands_out_one_has_to_be_named() -> None:
    api = FakeApi().add(gateway("a"), gateway("b"))
    with pytest.raises(InputError, match="there are 2 ingress gateways: edge/a, edge/b") as asked:
        found(api)

    assert "--gateway-service NAMESPACE/NAME" in asked.value.hint
    assert str(found(api, "edge/b")) == "gateway b in namespace edge"


def test_without_one_it_says_what_brings_one_and_what_needs_none() -> None:
    with pytest.raises(InputError, match="there is no ingress gateway of Istio's") as missing:
        found(FakeApi())

    assert "chart `gateway`" in missing.value.hint
    assert "without --gateway" in missing.value.hint


def test_one_that_is_named_and_not_there_is_an_error() -> None:
    with pytest.raises(InputError, match="there is no Service door in namespace edge"):
        found(FakeApi(), "edge/door")


def test_who_may_not_look_everywhere_may_name_it() -> None:
    api = FakeApi().add(gateway()).forbid("list", "services")
    with pytest.raises(UnseenError) as refused:
        found(api)

    assert refused.value.hint.endswith("or name the gateway: --gateway-service NAMESPACE/NAME")
    assert found(api, "edge/door").namespace == "edge"


@pytest.mark.parametrize(
    ("ports", "number"),
    [
        (({"name": "web", "port": 80}, {"name": "http-x", "port": 81}), 80),
        (({"name": "https", "port": 443}, {"name": "web", "port": 8080}), 8080),
        (({"name": "http-inner", "port": 9000}, {"name": "tls", "port": 15443}), 9000),
        (({"name": "x", "port": 7000, "appProtocol": "http"},), 7000),
    ],
)
def test_its_port_is_one_for_http(ports: tuple[dict[str, Any], ...], number: int) -> None:
    assert found(FakeApi().add(gateway("door", "edge", *ports))).port.number == number


def test_one_without_a_port_for_http_is_refused_with_those_that_it_has() -> None:
    with pytest.raises(InputError, match=r"no port for HTTP; it has 443 \(https\), 15021 \(status\)"):
        found(FakeApi().add(gateway("door", "edge", {"name": "https", "port": 443}, {"name": "status", "port": 15021})))


def test_a_service_without_pods_of_its_own_is_no_gateway() -> None:
    with pytest.raises(InputError, match="edge/door selects no pods"):
        found(FakeApi().add(gateway(selector=None)))


def test_its_load_balancer_goes_before_the_nodes_of_its_ready_pods() -> None:
    pods = pod("a", "n1"), pod("b", "n2", ready=False), pod("c", "n1")
    nodes = node("n1", ("InternalIP", "10.0.0.1"), ("ExternalIP", "192.0.2.1")), node("n2", ("InternalIP", "10.0.0.2"))
    api = FakeApi().add(gateway(ingress=({"ip": "192.0.2.9"}, {"hostname": "door.example"})), *pods, *nodes)

    assert where(api) == [
        ("http://192.0.2.9:80", "its load balancer"),
        ("http://door.example:80", "its load balancer"),
        ("http://192.0.2.1:30080", "NodePort 30080"),
        ("http://10.0.0.1:30080", "NodePort 30080"),
    ]


@pytest.mark.parametrize("hidden", ["nodes", "pods"])
def test_who_may_not_see_nodes_or_pods_has_its_load_balancer(hidden: str) -> None:
    api = FakeApi().add(gateway(ingress=({"ip": "fd00::9"},)), pod("a", "n1"), node("n1", ("InternalIP", "10.0.0.1")))

    assert where(api.forbid("*", hidden)) == [("http://[fd00::9]:80", "its load balancer")]


def test_inside_of_the_cluster_only_it_has_no_address() -> None:
    api = FakeApi().add(gateway("door", "edge", {"name": "http2", "port": 80}), pod("a", "n1"))

    assert where(api) == []


def test_a_port_forward_leads_to_the_youngest_ready_pods_own_port() -> None:
    with FakeApi().add(gateway(), pod("a", "n1"), pod("b", "n1", ready=False)) as api:
        there = find(api.api())
        ready = newest(api.api(), there)

    assert ready is not None
    assert (ready.name, there.listens(ready)) == ("a", 8080)


def test_an_address_can_be_reached_where_somebody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        taken = reaches(Address("127.0.0.1", port))

    assert taken
    assert not reaches(Address("127.0.0.1", port))
