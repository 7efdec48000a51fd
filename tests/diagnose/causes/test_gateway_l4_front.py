"""What stands before the service: its pods' clients, seen by their sockets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml
from diagnose.causes.said import found, silent, texts
from diagnose.shops import SHOP, even, fronted, held, pod, shop

from lbdemo.diagnose.causes.gateway_l4_front import cause
from lbdemo.diagnose.causes.waypoint_l4_hop import cause as waypoint
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.findings import Severity
from lbdemo.diagnose.images import is_gateway
from lbdemo.kube.records.pods import Container

WAYPOINT = {"gateway.networking.k8s.io/gateway-class-name": "istio-waypoint"}


def before(*clients: int, **more: Any) -> Evidence:
    return shop(held(1, 1, 1), headless=True, segments=even(99), **fronted(*clients, **more))


def test_clients_that_all_came_to_one_of_the_gateways_pods() -> None:
    said = found(cause, before(4, 0))

    assert (said.severity, said.explains) == (Severity.RISK, 0.0)
    assert "front-1 4 and front-2 0" in texts(said)
    assert "front-1 3,267 calls and front-2 0 calls" in texts(said)


def test_the_clients_can_be_shown_the_gateways_pods() -> None:
    fix = found(cause, before(4, 0)).fixes[0]

    made = yaml.safe_load(fix.commands[0].partition("\n")[2].removesuffix("EOF"))
    assert (made["metadata"], made["spec"]["selector"]) == ({"name": "front-headless", "namespace": SHOP},
                                                            {"app": "front"})  # fmt: skip
    assert made["spec"]["ports"] == [{"name": "grpc", "port": 10000, "targetPort": 10000}]
    assert "dns:///front-headless.shop.svc.cluster.local:10000" in fix.advice
    assert fix.undo == ("kubectl -n shop delete service front-headless",)


@pytest.mark.parametrize("clients", [(4, 0), (6, 2, 2), (9, 3)])
def test_far_more_is_told(clients: tuple[int, ...]) -> None:
    assert not silent(cause, before(*clients))


@pytest.mark.parametrize("clients", [(2, 1), (5, 2), (1, 1), (0, 0), (4,)])
def test_a_little_more_none_at_all_and_a_gateway_of_one_pod_are_not(clients: tuple[int, ...]) -> None:
    assert silent(cause, before(*clients))


def test_nothing_is_said_while_one_of_its_pods_could_not_be_seen() -> None:
    seen = before(4, 0, 0)

    assert silent(cause, replace(seen, sockets=tuple(look for look in seen.sockets if look.pod != "shop/front-2")))


def test_where_calls_are_as_many_connections_do_not_matter() -> None:
    seen = before(4, 0)
    second = replace(seen.callers[0], name="shop/front-2", addresses=("10.0.1.2",), pod=seen.fronts[0].pods[1])
    both = {name: {"10.0.1.1": 1, "10.0.1.2": 1} for name in ("payments-a", "payments-b", "payments-c")}
    same = {name: {"10.0.1.1": 99, "10.0.1.2": 99} for name in both}
    told = fronted(4, 0) | {"callers": [seen.callers[0], second]}

    assert silent(cause, shop(both, headless=True, segments=same, **told))


def test_a_waypoint_is_told_by_its_own_name_and_a_gateway_by_its() -> None:
    assert found(waypoint, before(4, 0, labels=WAYPOINT)).severity is Severity.RISK
    assert silent(cause, before(4, 0, labels=WAYPOINT))
    assert silent(waypoint, before(4, 0))
    assert silent(waypoint, before(2, 1, labels=WAYPOINT))


def test_an_envoy_of_istios_beside_nobody_is_a_gateway() -> None:
    alone = replace(pod("edge"), containers=(Container("istio-proxy", "proxyv2", running=True),))

    assert is_gateway(alone)
    assert not is_gateway(pod("checkout", proxy="istio-proxy"))
    assert not is_gateway(None)
