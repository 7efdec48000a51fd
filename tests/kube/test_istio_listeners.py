"""What Istio's objects tell of sidecars' listeners, read off objects as a real API server gave them (`objects/`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from kube.test_traffic_records import real

from lbdemo.kube.records.istio_listeners import (
    ToldListener,
    parse_envoy_filter,
    parse_service_entry,
    parse_sidecar,
)

ADDRESS = "10.96.1.1"


def test_a_sidecar_tells_of_the_ports_that_have_a_listener_of_their_own() -> None:
    found = parse_sidecar(real("sidecars"))

    assert found.listeners == (
        ToldListener(80, (), "TCP", "/spec/egress/0/port/protocol"),
        ToldListener(81, (ADDRESS,), "GRPC", "/spec/egress/1/port/protocol"),
    )
    assert [told.reads for told in found.listeners] == [False, True]
    assert found.selector == {"app": "cart"}


def test_a_service_entry_tells_of_its_own_addresses_only() -> None:
    item = real("serviceentries")

    found = parse_service_entry(item)
    del item["spec"]["addresses"]

    assert found.listeners[1] == ToldListener(80, (ADDRESS,), "TCP", "/spec/ports/1/protocol")
    assert found.export_to == (".",)
    assert parse_service_entry(item).listeners == ()


@pytest.mark.parametrize(
    ("address", "told"),
    [("10.0.9.9", ("10.0.9.9",)), ("fd00::9", ("fd00::9",)), ("db.example", ()), ("cafe", ()), ("", ())],
)
def test_a_service_entry_tells_for_what_it_stands_and_which_addresses_it_leads_to(
    address: str, told: tuple[str, ...]
) -> None:
    item = real("serviceentries")
    item["spec"] |= {"hosts": ["payments.shop"], "endpoints": [{"address": address}]}

    found = parse_service_entry(item)

    assert (found.hosts, found.leads_to) == (("payments.shop",), told)


def test_an_envoy_filter_tells_of_the_listeners_that_it_adds() -> None:
    found = parse_envoy_filter(real("envoyfilters"))

    assert found.listeners == (ToldListener(80, (ADDRESS,)),)
    assert not found.listeners[0].reads
    assert found.selector == {"app": "cart"}


def test_one_for_all_addresses_has_none() -> None:
    item = real("envoyfilters")
    item["spec"]["configPatches"][0]["patch"]["value"]["address"]["socket_address"]["address"] = "0.0.0.0"

    assert parse_envoy_filter(item).listeners == (ToldListener(80),)


@pytest.mark.parametrize("change", [
    lambda spec: spec["configPatches"][0].update(applyTo="CLUSTER"),
    lambda spec: spec["configPatches"][0].update(match={"context": "GATEWAY"}),
    lambda spec: spec["configPatches"][0].update(match={"context": "SIDECAR_INBOUND"}),
    lambda spec: spec["configPatches"][0]["patch"].update(operation="MERGE"),
    lambda spec: spec["configPatches"][0]["patch"].pop("value"),
    lambda spec: spec["configPatches"][0].clear(),
    lambda spec: spec.update(targetRefs=[{"kind": "Gateway", "name": "edge"}]),
])  # fmt: skip
def test_what_adds_none_for_what_leaves_a_pod_is_no_matter(change: Callable[[Any], object]) -> None:
    item = real("envoyfilters")
    change(item["spec"])

    assert parse_envoy_filter(item).listeners == ()
