"""Gateways are asked for in ambient mode only, where the waypoint may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fake_api import FakeApi

from lbdemo.diagnose.collect.asked import Asked
from lbdemo.diagnose.collect.objects import Objects, behind, port_of, service_of, surroundings

SHOP = "shop"


def named(kind: str, name: str, labels: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": name, "namespace": SHOP, "labels": labels or {}}, **more}


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        fake.add(
            named("Service", "payments", {"istio.io/use-waypoint": "ways", "istio.io/use-waypoint-namespace": "infra"},
                  spec={"selector": {"app": "payments"}, "ports": [{"port": 80}]}),
            named("Pod", "payments-a", {"app": "payments"}),
        )  # fmt: skip
        yield fake


def objects(server: FakeApi) -> Objects:
    found = service_of(server.api(), Asked(SHOP, "payments"))
    return behind(server.api(), found, port_of(found, ""))


def namespace(server: FakeApi, mode: str) -> None:
    labels = {"istio.io/dataplane-mode": mode}
    server.add({"kind": "Namespace", "metadata": {"name": SHOP, "labels": labels}})


def asked_for_gateways(server: FakeApi) -> list[str]:
    return [line for line in server.asked if "/gateways" in line]


def test_in_ambient_mode_gateways_are_looked_for_where_the_labels_say(server: FakeApi) -> None:
    namespace(server, "ambient")

    surroundings(server.api(), objects(server), ())

    asked = " ".join(asked_for_gateways(server))
    assert "/namespaces/infra/gateways" in asked
    assert f"/namespaces/{SHOP}/gateways" in asked


def test_without_ambient_mode_nobody_asks(server: FakeApi) -> None:
    namespace(server, "none")

    assert surroundings(server.api(), objects(server), ()).gateways == ()
    assert asked_for_gateways(server) == []
