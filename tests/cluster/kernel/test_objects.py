from __future__ import annotations

import json
from typing import Any

import pytest

from lbdemo.cluster.kernel.objects import APPLIED, parse_given

GIVEN = {"spec": {"selector": {"app": "echo"}, "ports": [{"name": "grpc", "port": 8080}]}}
LIVE = {
    "clusterIP": "10.96.0.7",
    "selector": {"app": "echo"},
    "ports": [{"name": "grpc", "port": 8080, "protocol": "TCP"}],
}


def service(spec: object, applied: str = json.dumps(GIVEN)) -> dict[str, Any]:
    return {"kind": "Service", "metadata": {"name": "echo", "annotations": {APPLIED: applied}}, "spec": spec}


def test_what_the_api_server_adds_is_no_change() -> None:
    assert parse_given(service(LIVE)).as_applied


def test_what_the_api_server_leaves_out_is_no_change() -> None:
    given = {"spec": {"publishNotReadyAddresses": False, "selector": {"app": "echo"}}}

    assert parse_given(service({"selector": {"app": "echo"}}, json.dumps(given))).as_applied


@pytest.mark.parametrize(
    "spec",
    [
        {**LIVE, "selector": {"app": "other"}},
        {**LIVE, "selector": {}},
        {**LIVE, "selector": {"app": "echo", "more": "x"}},
        {**LIVE, "ports": [{"name": "grpc", "port": 9090}]},
        {**LIVE, "ports": []},
        {**LIVE, "ports": [*LIVE["ports"], {"name": "more", "port": 1}]},
        {**LIVE, "ports": None},
        {key: value for key, value in LIVE.items() if key != "ports"},
        {},
        None,
        "text",
    ],
)
def test_what_is_other_than_given_was_changed_by_somebody(spec: object) -> None:
    assert not parse_given(service(spec)).as_applied


@pytest.mark.parametrize("applied", ["", "{", "no JSON"])
def test_an_object_that_does_not_say_what_it_was_given_counts_as_changed(applied: str) -> None:
    assert not parse_given(service(LIVE, applied)).as_applied


def test_an_object_without_annotations_counts_as_changed() -> None:
    assert not parse_given({"kind": "Service", "metadata": {"name": "echo"}, "spec": LIVE}).as_applied
