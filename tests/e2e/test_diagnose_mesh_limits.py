"""Somebody's services in a mesh that holds calls back, or whose rules and names miss those who call."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from e2e.cluster import eventually
from e2e.foreign import Shop, codes, go_client, python_server, service
from e2e.test_diagnose_mesh import INJECTED, mesh, open_shop, rule

__all__ = ["mesh", "open_shop"]  # fixtures

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop(INJECTED)


def apply(shop: Shop, document: dict[str, Any]) -> None:
    shop.kubectl("apply", "-f", "-", stdin=json.dumps(document))


def test_calls_wait_for_a_place_on_the_few_connections_that_a_rule_allows(shop: Shop) -> None:
    apply(shop, rule(connectionPool={"tcp": {"maxConnections": 1}, "http": {"maxConcurrentStreams": 2}}))
    shop.apply(python_server("parcels", 2, "--slow=0.1"), service("parcels"),
               go_client("checkout", "parcels:80", "-rate=80"))  # fmt: skip
    shop.calling("checkout")

    record = shop.record("parcels")

    assert codes(record)[0] == "LB118"
    shop.paste(record["findings"][0]["fixes"][0]["commands"])
    eventually(lambda: "LB118" not in codes(shop.record("parcels")))
    shop.paste(record["findings"][0]["fixes"][0]["undo"])
    eventually(lambda: codes(shop.record("parcels"))[:1] == ["LB118"])
